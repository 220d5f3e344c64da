// A driver for the AWS SDK for JavaScript v3: prints credentials of its default chain, one line for each line of stdin.
//
// The line `again` uses the previous provider, `new` makes a new one.

const { createInterface } = require("node:readline");
const { defaultProvider } = require("@aws-sdk/credential-provider-node");
const { version } = require("@aws-sdk/credential-provider-node/package.json");

async function main() {
  let provider;
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "version") {
      console.log(version);
      continue;
    }
    if (!provider || line !== "again") provider = defaultProvider();
    try {
      const { accessKeyId, accountId, sessionToken } = await provider();
      console.log(accessKeyId, accountId ?? "-", sessionToken?.length ?? 0);
    } catch (error) {
      console.log("error:", error.name, error.message.replaceAll(/\s+/g, " "));
    }
  }
}

main();

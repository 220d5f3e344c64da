import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.core.util.VersionInfo;

/**
 * Credentials through the default chain of the AWS SDK for Java v2: one line for each line of stdin.
 *
 * <p>The line {@code again} is for the provider of the line before, {@code new} for a new one.
 */
class JavaDriver {
    public static void main(String[] arguments) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        DefaultCredentialsProvider provider = null;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.equals("version")) {
                System.out.println(VersionInfo.SDK_VERSION);
                continue;
            }
            if (provider == null || !line.equals("again")) {
                provider = DefaultCredentialsProvider.builder().build();
            }
            System.out.println(said(provider));
        }
    }

    private static String said(DefaultCredentialsProvider provider) {
        try {
            AwsCredentials got = provider.resolveCredentials();
            int length = got instanceof AwsSessionCredentials session ? session.sessionToken().length() : 0;
            return got.accessKeyId() + " " + got.accountId().orElse("-") + " " + length;
        } catch (RuntimeException error) { // Any error of the SDK is a result.
            return "error: " + error.toString().replaceAll("\\s+", " ");
        }
    }
}

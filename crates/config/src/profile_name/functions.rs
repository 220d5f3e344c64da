//! The functions of templates: those of aws-sso-cli, and those of sprig that make sense for a name.
//!
//! Arguments are in sprig's order. Results and failures are those of Go, with three exceptions: a missing tag is an empty text, no
//! character is cut into bytes, and an invalid regular expression is an error.

mod arguments;
mod case;
mod list;
mod number;
mod regex;
mod text;

use gtmpl_ng::{Func, Template, Value};

use arguments::{error, exactly, text, texts, whole};

pub(super) use arguments::MAX_TEXT_BYTES;

/// Adds all functions to a template.
pub(super) fn add_to(template: &mut Template) {
    for functions in [OWN, text::FUNCTIONS, list::FUNCTIONS, number::FUNCTIONS, regex::FUNCTIONS] {
        template.add_funcs(functions);
    }
}

/// The functions of aws-sso-cli.
const OWN: &[(&str, Func)] = &[
    ("AccountIdStr", |given| {
        let [id] = exactly(given)?;
        Ok(Value::from(format!("{:0>12}", whole(id)?)))
    }),
    ("EmptyString", |given| {
        let [text] = texts(given)?;
        Ok(Value::from(text.is_empty()))
    }),
    ("FirstItem", |given| {
        for value in given {
            let text = text(value)?;
            if !text.is_empty() {
                return Ok(Value::from(text));
            }
        }
        Ok(Value::from(""))
    }),
    ("StringsJoin", |given| {
        let (separator, items) = given.split_first().ok_or_else(|| error("needs an argument"))?;
        let items: Vec<_> = items.iter().map(text).collect::<Result<_, _>>()?;
        let items: Vec<_> = items.into_iter().filter(|item| !item.is_empty()).collect();
        Ok(Value::from(items.join(text(separator)?)))
    }),
    ("StringReplace", text::replace),
];

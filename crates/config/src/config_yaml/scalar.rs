//! Typed values of single nodes. Types are as weak as in aws-sso-cli: a number for a text, a text for a list.

use std::fmt::Display;
use std::str::FromStr;

use credentials::Invalid;

use super::field_error::FieldError;
use super::yaml::{Kind, Node};

impl Node {
    pub(super) fn is_blank(&self) -> bool {
        matches!(&self.kind, Kind::Null)
            || matches!(&self.kind, Kind::Scalar(text) if text.is_empty())
    }

    pub(super) fn must_be(&self, what: impl Display) -> FieldError {
        FieldError::new(self.line, format!("must be {what}"))
    }

    /// A text. A number or a boolean is the text of the file. Null is empty.
    pub(super) fn text(&self) -> Result<String, FieldError> {
        match &self.kind {
            Kind::Null => Ok(String::new()),
            Kind::Scalar(text) => Ok(text.clone()),
            Kind::List(_) | Kind::Map(_) => {
                Err(self.must_be("text, in quotes if it starts with { or ["))
            }
        }
    }

    /// A text that is parsed by `parse`.
    pub(super) fn parsed<T>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Result<T, FieldError> {
        parse(&self.text()?).map_err(|invalid| FieldError::new(self.line, invalid.to_string()))
    }

    pub(super) fn number<T: FromStr>(&self) -> Result<T, FieldError> {
        self.text()?.trim().parse().map_err(|_| self.must_be("a whole number"))
    }

    pub(super) fn boolean(&self) -> Result<bool, FieldError> {
        match self.text()?.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(self.must_be("true or false")),
        }
    }

    /// A list of texts, or one text with a comma between the items.
    pub(super) fn texts(&self) -> Result<Vec<String>, FieldError> {
        match &self.kind {
            Kind::List(items) => items.iter().map(Self::text).collect(),
            Kind::Null | Kind::Scalar(_) | Kind::Map(_) => {
                Ok(self.text()?.split(',').map(|item| item.trim().to_owned()).collect())
            }
        }
    }
}

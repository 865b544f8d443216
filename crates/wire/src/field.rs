//! Rules that fields of a request must keep.

use crate::id::MchBillno;
use crate::xml::Document;
use std::fmt;

/// A field of a request that breaks its rule; the server answers PARAM_ERROR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name.
    pub field: &'static str,
    /// What it broke.
    pub rule: FieldRule,
}

/// What a field of a request must keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldRule {
    /// Required, at most so many characters.
    Required {
        /// The most characters.
        chars_max: usize,
    },
    /// Optional, at most so many characters.
    AtMost {
        /// The most characters.
        chars_max: usize,
    },
    /// Only `0-9 a-z A-Z`.
    Alphanumeric,
    /// A whole, non-negative number.
    Number,
    /// Not together with the other field.
    ExclusiveWith(&'static str),
    /// One of the documented words.
    OneOfDocumented,
    /// Required for this amount.
    RequiredForAmount,
    /// Not the appid of this merchant.
    NotBoundToMerchant,
}

impl fmt::Display for FieldError {
    /// The words of WeChat's own reply (q02): for people only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field;
        match self.rule {
            FieldRule::Required { chars_max } => {
                write!(f, "参数错误:{field}字段必填,最长为{chars_max}个字符.")
            }
            FieldRule::AtMost { chars_max } => {
                write!(f, "参数错误:{field}字段最长为{chars_max}个字符.")
            }
            FieldRule::Alphanumeric => write!(f, "参数错误:{field}字段只能由字母和数字组成."),
            FieldRule::Number => write!(f, "参数错误:{field}字段必须为非负整数."),
            FieldRule::ExclusiveWith(other) => write!(f, "参数错误:{field}与{other}不能同时填写."),
            FieldRule::OneOfDocumented => write!(f, "参数错误:{field}字段取值不正确."),
            FieldRule::RequiredForAmount => write!(f, "参数错误:该金额必须填写{field}字段."),
            FieldRule::NotBoundToMerchant => write!(f, "参数错误:{field}与mch_id不匹配."),
        }
    }
}

impl std::error::Error for FieldError {}

/// A required value of at most `chars_max` characters.
pub(crate) fn required<'d>(
    document: &'d Document<'_>,
    field: &'static str,
    chars_max: usize,
) -> Result<&'d str, FieldError> {
    document
        .get(field)
        .filter(|value| within(value, chars_max))
        .ok_or(FieldError { field, rule: FieldRule::Required { chars_max } })
}

/// An optional value of at most `chars_max` characters.
pub(crate) fn optional<'d>(
    document: &'d Document<'_>,
    field: &'static str,
    chars_max: usize,
) -> Result<Option<&'d str>, FieldError> {
    match document.get(field) {
        Some(value) if !within(value, chars_max) => {
            Err(FieldError { field, rule: FieldRule::AtMost { chars_max } })
        }
        other => Ok(other),
    }
}

/// `mch_billno` of a request, well-formed.
pub(crate) fn billno<'d>(document: &'d Document<'_>) -> Result<&'d str, FieldError> {
    let value = required(document, "mch_billno", MchBillno::CHARS_MAX)?;
    if MchBillno::is_well_formed(value) {
        Ok(value)
    } else {
        Err(FieldError { field: "mch_billno", rule: FieldRule::Alphanumeric })
    }
}

fn within(value: &str, chars_max: usize) -> bool {
    value.len() <= chars_max || value.chars().count() <= chars_max
}

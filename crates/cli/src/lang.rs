//! The two languages of everything that people read.
//!
//! Texts stand in `lang/{en,zh-CN}/*.ftl` (Project Fluent) and are looked up by
//! name with `say!`. Codes, JSON keys and logs stay English. Tests hold both
//! catalogues to the same names and placeholders, and every `say!` to a name
//! that exists.

use crate::output::printable;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_syntax::ast::Entry;
use std::sync::{LazyLock, OnceLock};
use unic_langid::LanguageIdentifier;

/// A language of the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// English.
    En,
    /// Simplified Chinese.
    ZhCn,
}

impl ValueEnum for Lang {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let value = PossibleValue::new(self.tag());
        Some(if *self == Self::ZhCn { value.alias("zh") } else { value })
    }
}

/// The catalogue, a file a subject: its name, English, Chinese.
macro_rules! catalogue {
    ($($subject:literal),* $(,)?) => {
        &[$((
            $subject,
            include_str!(concat!("../lang/en/", $subject, ".ftl")),
            include_str!(concat!("../lang/zh-CN/", $subject, ".ftl")),
        )),*]
    };
}

/// The Chinese of the help; its English is the doc comments of `args`.
const HELP: &str = include_str!("../lang/zh-CN/help.ftl");

const CATALOGUE: &[(&str, &str, &str)] = catalogue![
    "main",
    "ask",
    "verdict",
    "sign",
    "explain",
    "config",
    "serve",
    "demo",
    "merchant",
    "sandbox",
    "reconcile",
    "data",
    "fund_flow",
    "report",
    "fault",
    "failure",
    "merchant_side",
    "follow",
    "records",
    "doctor",
    "ledger",
];

static ENGLISH: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| Lang::En.bundle());
static CHINESE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| Lang::ZhCn.bundle());
static CURRENT: OnceLock<Lang> = OnceLock::new();

/// The text of that name in the current language: `say!("name")`, `say!("name", file = path)`.
#[macro_export]
macro_rules! say {
    ($id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::lang::current().say($id, &[$((stringify!($name), ($value).to_string())),*])
    };
}

/// The language of this run: what [`choose`] was told first, else English.
#[must_use]
pub fn current() -> Lang {
    CURRENT.get().copied().unwrap_or(Lang::En)
}

/// Sets the language of this run, once.
pub fn choose(lang: Lang) {
    // a second choice would mix languages: the first one stays
    let _ = CURRENT.set(lang);
}

impl Lang {
    /// Both.
    pub const ALL: [Self; 2] = [Self::En, Self::ZhCn];

    /// The BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        }
    }

    /// The language of a locale such as `zh_CN.UTF-8`: Chinese for every `zh`, else English.
    #[must_use]
    pub fn from_locale(locale: Option<&str>) -> Self {
        let language = locale.unwrap_or_default().split(['-', '_', '.']).next();
        match language {
            Some(zh) if zh.eq_ignore_ascii_case("zh") => Self::ZhCn,
            _ => Self::En,
        }
    }

    /// The text named `id` with its placeholders filled, made [`printable`]; the name itself where there is none.
    #[must_use]
    pub fn say(self, id: &str, values: &[(&str, String)]) -> String {
        self.find(id, values).unwrap_or_else(|| id.to_owned())
    }

    /// The text named `id`, or `id.attribute`, where the catalogue has one.
    #[must_use]
    pub fn find(self, id: &str, values: &[(&str, String)]) -> Option<String> {
        let bundle = match self {
            Self::En => &*ENGLISH,
            Self::ZhCn => &*CHINESE,
        };
        let pattern = match id.split_once('.') {
            None => bundle.get_message(id)?.value()?,
            Some((id, attribute)) => bundle.get_message(id)?.get_attribute(attribute)?.value(),
        };
        let args: FluentArgs<'_> =
            values.iter().map(|(name, value)| (*name, printable(value))).collect();
        Some(bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned())
    }

    fn bundle(self) -> FluentBundle<FluentResource> {
        let tag: LanguageIdentifier = self.tag().parse().expect("both tags are well-formed");
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // no invisible marks around values: people copy them
        bundle.set_use_isolating(false);
        for source in self.sources() {
            bundle.add_resource_overriding(read(source));
        }
        bundle
    }

    fn sources(self) -> Vec<&'static str> {
        let pick = |(_, english, chinese): &(_, &'static str, &'static str)| match self {
            Self::En => *english,
            Self::ZhCn => *chinese,
        };
        let help = (self == Self::ZhCn).then_some(HELP);
        CATALOGUE.iter().map(pick).chain(help).collect()
    }
}

/// The names of the texts that begin with `prefix`, in the order of the files.
#[must_use]
pub fn names(prefix: &str) -> Vec<String> {
    let resources = Lang::En.sources().into_iter().map(read);
    let all = resources.flat_map(|resource| ids(&resource)).filter(|id| !id.contains('.'));
    all.filter(|id| id.starts_with(prefix)).collect()
}

fn read(source: &str) -> FluentResource {
    // what could be read of a damaged file is better than nothing; a test reads them all
    FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource)
}

/// The names of a file's texts, and `name.attribute` of their attributes.
fn ids(resource: &FluentResource) -> Vec<String> {
    let mut ids = Vec::new();
    for entry in resource.entries() {
        let Entry::Message(message) = entry else { continue };
        let name = message.id.name;
        ids.push(name.to_owned());
        ids.extend(message.attributes.iter().map(|a| format!("{name}.{}", a.id.name)));
    }
    ids
}

/// The names of the Chinese help's texts.
#[cfg(test)]
pub fn help_ids() -> std::collections::BTreeSet<String> {
    ids(&read(HELP)).into_iter().collect()
}

#[cfg(test)]
#[path = "lang_tests.rs"]
mod tests;

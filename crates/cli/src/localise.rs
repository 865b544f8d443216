//! The one definition of the command line, in the language of the run.
//!
//! English help is the doc comments of `args`; Chinese stands in
//! `lang/zh-CN/help.ftl` as `help-COMMAND`, with an attribute for each argument.

use crate::args::Cli;
use crate::lang::Lang;
use clap::{Command, CommandFactory};

/// The commands whose help lists the exit codes: those that answer with one.
const WITH_EXIT_CODES: [&str; 7] = [
    "hongbao",
    "hongbao-query",
    "hongbao-send",
    "hongbao-reconcile",
    "hongbao-fund-flow",
    "hongbao-follow",
    "hongbao-attention",
];

/// What clap itself writes into help and pages, and its Chinese.
const FIXED_WORDS: [(&str, &str); 6] = [
    ("[OPTIONS]", "[选项]"),
    ("[default: ", "[默认："),
    ("[possible values: ", "[可选值："),
    ("Possible values:", "可选值："),
    ("Usage:", "用法："),
    (", ...", "…"),
];

/// The headings of a manual page, and the Chinese that manual pages use for them.
const PAGE_HEADINGS: [(&str, &str); 7] = [
    ("NAME", "名称"),
    ("SYNOPSIS", "概要"),
    ("DESCRIPTION", "描述"),
    ("OPTIONS", "选项"),
    ("SUBCOMMANDS", "命令"),
    ("EXTRA", "其他"),
    ("VERSION", "版本"),
];

/// The command line with its help in `lang`.
#[must_use]
pub fn command(lang: Lang) -> Command {
    localise(Cli::command(), lang, "")
}

/// A text that clap rendered, with the words of its own in `lang`.
#[must_use]
pub fn fixed_words(rendered: &str, lang: Lang) -> String {
    match lang {
        Lang::En => rendered.to_owned(),
        Lang::ZhCn => FIXED_WORDS
            .iter()
            .fold(rendered.to_owned(), |text, (english, chinese)| text.replace(english, chinese)),
    }
}

/// A manual page that `clap_mangen` rendered, with the headings of its own in `lang`.
#[must_use]
pub fn page_words(page: &str, lang: Lang) -> String {
    if lang == Lang::En {
        return page.to_owned();
    }
    let lines = page.lines().map(|line| {
        let heading = PAGE_HEADINGS.iter().find(|(english, _)| line == format!(".SH {english}"));
        heading.map_or_else(|| line.to_owned(), |(_, chinese)| format!(".SH {chinese}"))
    });
    let page: Vec<String> = lines.collect();
    fixed_words(&page.join("\n"), lang) + "\n"
}

fn localise(command: Command, lang: Lang, parent: &str) -> Command {
    let name = command.get_name();
    let path = if parent.is_empty() { name.to_owned() } else { format!("{parent}-{name}") };
    let mut command = command;
    if WITH_EXIT_CODES.contains(&path.as_str()) {
        command = command.after_help(lang.say("help-exit-codes", &[]));
    }
    if lang == Lang::ZhCn {
        command = in_chinese(command, &path);
    }
    command.mut_subcommands(|sub| localise(sub, lang, &path))
}

fn in_chinese(command: Command, path: &str) -> Command {
    let help = |attribute: &str| Lang::ZhCn.find(&help_id(path, attribute), &[]);
    let command = match help("") {
        Some(about) => command.about(about),
        None => command,
    };
    let template = chinese_template(&command);
    command.help_template(template).subcommand_value_name("命令").mut_args(|arg| {
        match help(arg.get_id().as_str()) {
            Some(text) => arg.help(text),
            None => arg,
        }
    })
}

/// The lay-out of clap's own help, with Chinese headings.
fn chinese_template(command: &Command) -> String {
    let mut template = "{before-help}{about-with-newline}\n用法：{usage}\n".to_owned();
    if command.has_subcommands() {
        template.push_str("\n命令：\n{subcommands}\n");
    }
    if command.get_positionals().next().is_some() {
        template.push_str("\n参数：\n{positionals}\n");
    }
    template + "\n选项：\n{options}{after-help}"
}

/// The name of a help text in the Chinese catalogue.
fn help_id(path: &str, argument: &str) -> String {
    // an argument's id has `_`, which Fluent allows
    if argument.is_empty() { format!("help-{path}") } else { format!("help-{path}.{argument}") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeSet;

    fn ids(command: &Command, parent: &str, into: &mut BTreeSet<String>) {
        let name = command.get_name();
        let path = if parent.is_empty() { name.to_owned() } else { format!("{parent}-{name}") };
        into.insert(help_id(&path, ""));
        for arg in command.get_arguments() {
            assert!(arg.get_help().is_some(), "{path} {} has no help", arg.get_id());
            into.insert(help_id(&path, arg.get_id().as_str()));
        }
        for sub in command.get_subcommands() {
            ids(sub, &path, into);
        }
    }

    #[test]
    fn every_command_and_argument_has_chinese_help_and_no_help_is_left_over() {
        let mut wanted = BTreeSet::new();
        ids(&Cli::command(), "", &mut wanted);
        let there: BTreeSet<String> = crate::lang::help_ids();
        let missing: Vec<_> = wanted.difference(&there).collect();
        let stale: Vec<_> = there.difference(&wanted).collect();
        assert!(missing.is_empty(), "not in lang/zh-CN/help.ftl: {missing:#?}");
        assert!(stale.is_empty(), "of no argument: {stale:#?}");
    }

    #[test]
    fn the_definition_is_sound_in_both_languages() {
        for lang in Lang::ALL {
            command(lang).debug_assert();
        }
    }
}

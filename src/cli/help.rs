//! The command line with its words, which are in the language file, under `help.command_argument`: its help, the manual
//! page, completions.

use clap::{Arg, ArgAction, Command, CommandFactory};
use clap_complete::Shell;

use super::arguments::Arguments;
use super::console::Console;
use super::exit::Exit;
use crate::lang::Language;

/// The command line with its words in a language.
pub fn command(language: &Language) -> Command {
    let command = Arguments::command().about(language.text("help.about"));
    let command = command
        .mut_subcommand("classify", |classify| classify.mut_arg("source", |arg| arg.required_unless_present("within")))
        .mut_subcommand("watch", |watch| watch.mut_arg("source", |arg| arg.required(true)));
    let command = with_argument_words(command, "app_", language);
    // After the help, which every command has.
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version).display_order(99);
    let command = command.disable_version_flag(true).arg(version.help(language.text("usage.version")));
    with_headings(command, language).mut_subcommands(|sub| with_words(sub, "", language))
}

fn with_words(command: Command, prefix: &str, language: &Language) -> Command {
    let key = format!("{prefix}{}", command.get_name().replace('-', "_"));
    let about = language.text(&format!("help.{key}"));
    let prefix = format!("{key}_");
    let command = with_argument_words(command.about(about), &prefix, language);
    with_headings(command, language).mut_subcommands(|sub| with_words(sub, &prefix, language))
}

fn with_argument_words(command: Command, prefix: &str, language: &Language) -> Command {
    command.mut_args(|argument| {
        // Arguments that a command shares with classify have the same words there.
        let keys = [prefix, "classify_"].map(|prefix| format!("help.{prefix}{}", argument.get_id()));
        let help = language.text(keys.iter().find(|key| language.has(key)).unwrap_or(&keys[0]));
        with_values(argument, help, language)
    })
}

/// The words of `clap` itself, in the language: it knows English only.
fn with_headings(command: Command, language: &Language) -> Command {
    let style = *command.get_styles().get_usage();
    let usage = language.text("usage.usage");
    let (options, arguments) = (language.text("usage.options"), language.text("usage.arguments"));
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help).help(language.text("usage.help"));
    command
        .help_template(format!("{{about-with-newline}}\n{style}{usage}{style:#} {{usage}}\n\n{{all-args}}"))
        .subcommand_help_heading(language.text("usage.commands"))
        .subcommand_value_name(language.text("usage.command"))
        .disable_help_flag(true)
        .arg(help)
        .mut_args(|argument| {
            let heading = if argument.is_positional() { arguments.clone() } else { options.clone() };
            argument.help_heading(heading)
        })
}

/// An argument with its help, and after it which values it takes.
fn with_values(argument: Arg, mut help: String, language: &Language) -> Arg {
    if !argument.get_action().takes_values() {
        return argument.help(help);
    }
    let values = argument.get_possible_values();
    let values: Vec<&str> = values.iter().map(|value| value.get_name()).collect();
    let default = argument.get_default_values().first().filter(|_| !argument.is_hide_default_value_set());
    let mut add = |key: &str, name: &str, value: &str| help += &format!(" {}", language.say(key, &[(name, &value)]));
    if let Some(variable) = argument.get_env() {
        add("usage.variable", "variable", &variable.to_string_lossy());
    }
    if let Some(default) = default {
        add("usage.default", "value", &default.to_string_lossy());
    }
    if !values.is_empty() {
        add("usage.one_of", "values", &values.join(", "));
    }
    argument.help(help).hide_env(true).hide_default_value(true).hide_possible_values(true)
}

/// The help that `--help` prints, for a call without a command and without a terminal.
pub(super) fn print_help(language: &Language) -> Exit {
    Console::new(language).err(&command(language).render_help().to_string());
    Exit::Usage
}

pub(super) fn print_completions(shell: Shell, language: &Language, console: &mut Console) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(language), "sis", &mut script);
    console.out_bytes(&script);
    console.ended(Exit::Done)
}

pub(super) fn print_manual(language: &Language, console: &mut Console) -> Exit {
    let mut pages = Vec::new();
    let mut command = command(language);
    command.build();
    match render_manual(&command, &mut pages) {
        Ok(()) => console.out_bytes(&pages),
        Err(error) => console.err(&error.to_string()),
    }
    console.ended(Exit::Done)
}

/// The program's page, then one for each command and its commands.
fn render_manual(command: &Command, pages: &mut Vec<u8>) -> std::io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(pages)?;
    command.get_subcommands().filter(|sub| !sub.is_hide_set()).try_for_each(|sub| render_manual(sub, pages))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Language::all().iter().for_each(|language| command(language).debug_assert());
    }
}

//! Which language is spoken: what one start asks for, then the settings, then the system.

use super::Language;
use crate::config::LanguageSetting;

/// Asks for a language for one start, whatever the settings say.
const VARIABLE: &str = "SIS_LANG";

/// Where a system says the language of messages; the first that is set counts.
const OF_THE_SYSTEM: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

impl Language {
    /// The language of this start. `setting` is nothing where the settings cannot be read.
    pub fn chosen(setting: Option<LanguageSetting>) -> Language {
        let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        match choose(setting.unwrap_or_default(), &variable) {
            Choice::English => Language::english(),
            Choice::Portuguese => Language::portuguese(),
        }
    }
}

/// A language that the program speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    English,
    Portuguese,
}

/// The language, by the settings and the environment's variables. A variable that is empty is not set.
fn choose(setting: LanguageSetting, variable: &dyn Fn(&str) -> Option<String>) -> Choice {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    match (set(VARIABLE), setting) {
        (Some(asked), _) => named(&asked),
        (None, LanguageSetting::English) => Choice::English,
        (None, LanguageSetting::Portuguese) => Choice::Portuguese,
        (None, LanguageSetting::Auto) => {
            OF_THE_SYSTEM.into_iter().find_map(set).map_or(Choice::English, |locale| named(&locale))
        }
    }
}

/// The language that the name of a locale begins with, `pt_BR.UTF-8` for example; English for one that is not spoken.
fn named(locale: &str) -> Choice {
    match locale.to_lowercase().starts_with("pt") {
        true => Choice::Portuguese,
        false => Choice::English,
    }
}

#[cfg(test)]
mod tests {
    use super::Choice::{English, Portuguese};
    use super::*;

    fn chosen(setting: LanguageSetting, environment: &[(&str, &str)]) -> Choice {
        let value = |name: &str| environment.iter().find(|(set, _)| *set == name).map(|(_, value)| value.to_string());
        choose(setting, &value)
    }

    #[test]
    fn the_system_is_followed() {
        let auto = |environment: &[(&str, &str)]| chosen(LanguageSetting::Auto, environment);
        assert_eq!(auto(&[]), English);
        for portuguese in ["pt", "pt_BR.UTF-8", "pt_PT@euro", "pt_AO", "PT_mz"] {
            assert_eq!(auto(&[("LANG", portuguese)]), Portuguese, "{portuguese}");
        }
        for other in ["en_GB.UTF-8", "C", "C.UTF-8", "POSIX", "fr_FR", "p"] {
            assert_eq!(auto(&[("LANG", other)]), English, "{other}");
        }
        assert_eq!(auto(&[("LANG", "pt_BR"), ("LC_MESSAGES", "en_US")]), English);
        assert_eq!(auto(&[("LANG", "en_US"), ("LC_MESSAGES", "pt_BR"), ("LC_ALL", "")]), Portuguese);
        assert_eq!(auto(&[("LANG", "pt_BR"), ("LC_MESSAGES", "pt_BR"), ("LC_ALL", "C")]), English);
    }

    #[test]
    fn the_settings_outrank_the_system_and_one_start_outranks_both() {
        let system = [("LANG", "pt_BR.UTF-8")];
        assert_eq!(chosen(LanguageSetting::English, &system), English);
        assert_eq!(chosen(LanguageSetting::Portuguese, &[("LC_ALL", "C")]), Portuguese);
        assert_eq!(chosen(LanguageSetting::Portuguese, &[("SIS_LANG", "en")]), English);
        assert_eq!(chosen(LanguageSetting::English, &[("SIS_LANG", "pt")]), Portuguese);
        assert_eq!(chosen(LanguageSetting::English, &[("SIS_LANG", "")]), English);
        assert_eq!(chosen(LanguageSetting::Auto, &[("SIS_LANG", "en"), ("LC_ALL", "pt_BR")]), English);
    }
}

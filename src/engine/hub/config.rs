//! The configuration of the hub client: address, cache folder and token. It comes from the environment, read as
//! huggingface_hub's `constants.py` reads it, so that a setup for Python works here too.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::proxy::Proxies;
use crate::plain_file;

/// The address of the hub, unless the environment names another.
pub(super) const HUGGING_FACE: &str = "https://huggingface.co";

/// The longest file of a token that is read.
const LONGEST_TOKEN_FILE: u64 = 10_000;

/// The configuration of the hub client, from the environment.
#[derive(Clone)]
pub struct HubConfig {
    /// The hub's address, without a slash at its end.
    pub endpoint: String,
    /// The cache: one folder a model. `None` without a home folder.
    pub cache: Option<PathBuf>,
    /// Offline mode: no request is made.
    pub is_offline: bool,
    /// The token. It is sent to the hub only.
    pub(super) token: Option<String>,
    pub(super) proxies: Proxies,
    /// A connection on which nothing arrives for this long counts as cut.
    pub(super) silence: Duration,
}

// Not derived: tokens and the passwords of proxies must not get into the log.
impl std::fmt::Debug for HubConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let HubConfig { endpoint, cache, is_offline, token, .. } = self;
        let has_token = token.is_some();
        write!(f, "HubConfig {{ {endpoint}, {cache:?}, is_offline: {is_offline}, has_token: {has_token} }}")
    }
}

impl HubConfig {
    /// Reads the environment that this process was started with.
    pub fn from_environment() -> HubConfig {
        HubConfig::from_variables(&|name| std::env::var_os(name))
    }

    /// Reads these variables. The token's file is read here, once.
    pub fn from_variables(variable: &dyn Fn(&str) -> Option<OsString>) -> HubConfig {
        let path = |name: &str| variable(name).filter(|path| !path.is_empty()).map(|path| expanded(&path, variable));
        let home = variable("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        let caches = path("XDG_CACHE_HOME").or_else(|| Some(home?.join(".cache")));
        let hf_home = path("HF_HOME").or_else(|| Some(caches?.join("huggingface")));
        let cache = path("HF_HUB_CACHE").or_else(|| path("HUGGINGFACE_HUB_CACHE"));
        let is_true = |name: &str| variable(name).is_some_and(|value| is_true(&value));
        let token_file = path("HF_TOKEN_PATH").or_else(|| Some(hf_home.as_ref()?.join("token")));
        let offline = if is_set(variable, "HF_HUB_OFFLINE") { "HF_HUB_OFFLINE" } else { "TRANSFORMERS_OFFLINE" };
        let endpoint = variable("HF_ENDPOINT").and_then(|endpoint| endpoint.into_string().ok());
        let endpoint = endpoint.filter(|endpoint| !endpoint.trim().is_empty());
        HubConfig {
            endpoint: endpoint.unwrap_or_else(|| HUGGING_FACE.to_owned()).trim_end_matches('/').to_owned(),
            cache: cache.or_else(|| Some(hf_home.as_ref()?.join("hub"))),
            is_offline: is_true(offline),
            token: match is_true("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
                true => None,
                false => token(variable, token_file.as_deref()),
            },
            proxies: Proxies::from_variables(variable),
            silence: silence(variable),
        }
    }

    /// The address of a model's page.
    pub fn page(&self, id: &str) -> String {
        format!("{}/{id}", self.endpoint)
    }
}

/// The token of the environment, else that of the file.
fn token(variable: &dyn Fn(&str) -> Option<OsString>, file: Option<&Path>) -> Option<String> {
    let names = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"];
    let named = names.iter().find(|name| is_set(variable, name)).and_then(|name| variable(name));
    let text = match named {
        Some(token) => token.into_string().ok(),
        None => file.and_then(|file| plain_file::read_text(file, LONGEST_TOKEN_FILE).ok()),
    };
    let text = text?.replace(['\r', '\n'], "").trim().to_owned();
    let is_usable = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    if !is_usable && !text.is_empty() {
        tracing::warn!("the token has characters that no token has, and is not used");
    }
    is_usable.then_some(text)
}

/// `HF_HUB_DOWNLOAD_TIMEOUT` in seconds, else as long as huggingface_hub waits.
fn silence(variable: &dyn Fn(&str) -> Option<OsString>) -> Duration {
    let seconds = variable("HF_HUB_DOWNLOAD_TIMEOUT").and_then(|text| text.to_str()?.trim().parse().ok());
    Duration::from_secs(seconds.filter(|seconds| *seconds > 0).unwrap_or(10))
}

/// True for a variable that is there and not empty.
fn is_set(variable: &dyn Fn(&str) -> Option<OsString>, name: &str) -> bool {
    variable(name).is_some_and(|value| !value.is_empty())
}

fn is_true(value: &OsString) -> bool {
    value.to_str().is_some_and(|value| ["1", "ON", "YES", "TRUE"].contains(&value.to_uppercase().as_str()))
}

/// A path with `~` and `$NAME` or `${NAME}` replaced, as Python's `expanduser` and `expandvars` do. Text that is no
/// variable stays as it is.
fn expanded(path: &OsString, variable: &dyn Fn(&str) -> Option<OsString>) -> PathBuf {
    let Some(text) = path.to_str() else { return path.into() };
    let home = || variable("HOME").and_then(|home| home.into_string().ok());
    let text = match text.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        Some(rest) => home().map_or_else(|| text.to_owned(), |home| format!("{}{rest}", home.trim_end_matches('/'))),
        None => text.to_owned(),
    };
    let mut pieces = text.split('$');
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let braced = piece.strip_prefix('{').and_then(|piece| piece.split_once('}'));
        let (name, rest) = braced.unwrap_or_else(|| {
            let end = piece.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(piece.len());
            piece.split_at(end)
        });
        match variable(name).and_then(|value| value.into_string().ok()) {
            Some(value) if !name.is_empty() => filled.extend([value.as_str(), rest]),
            _ => filled.extend(["$", piece]),
        }
    }
    filled.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(variables: &[(&str, &str)]) -> HubConfig {
        let found = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into());
        HubConfig::from_variables(&found)
    }

    #[test]
    fn cache_folder_is_that_of_python() {
        for (variables, cache) in [
            (&[("HOME", "/h")][..], "/h/.cache/huggingface/hub"),
            (&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")], "/x/huggingface/hub"),
            (&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x"), ("HF_HOME", "~/hf")], "/h/hf/hub"),
            (&[("HOME", "/h"), ("HF_HOME", "/hf"), ("HUGGINGFACE_HUB_CACHE", "/old")], "/old"),
            (&[("HF_HUB_CACHE", "$D/${E}/$F"), ("D", "/d"), ("E", "e"), ("HUGGINGFACE_HUB_CACHE", "/old")], "/d/e/$F"),
        ] {
            assert_eq!(config(variables).cache, Some(cache.into()), "{variables:?}");
        }
        assert_eq!(config(&[]).cache, None);
    }

    #[test]
    fn address_token_and_offline_mode_come_from_the_environment() {
        let plain = config(&[("HOME", "/nowhere")]);
        assert_eq!((plain.endpoint.as_str(), plain.is_offline, plain.token.as_deref()), (HUGGING_FACE, false, None));
        assert_eq!(config(&[("HF_ENDPOINT", "https://mirror/")]).page("a/b"), "https://mirror/a/b");
        assert_eq!(config(&[("HF_ENDPOINT", "")]).endpoint, HUGGING_FACE, "what is empty is not set");
        for (value, is_offline) in [("1", true), ("yes", true), ("True", true), ("0", false), ("", false)] {
            assert_eq!(config(&[("HF_HUB_OFFLINE", value)]).is_offline, is_offline, "{value}");
        }
        assert!(config(&[("HF_HUB_OFFLINE", ""), ("TRANSFORMERS_OFFLINE", "1")]).is_offline);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), " hf_file\n").unwrap();
        let home = folder.path().to_str().unwrap();
        assert_eq!(config(&[("HF_HOME", home)]).token.as_deref(), Some("hf_file"));
        assert_eq!(config(&[("HF_HOME", home), ("HF_TOKEN", "hf_own")]).token.as_deref(), Some("hf_own"));
        let file = folder.path().join("token");
        assert_eq!(config(&[("HF_TOKEN_PATH", file.to_str().unwrap())]).token.as_deref(), Some("hf_file"));
        assert_eq!(config(&[("HF_HOME", home), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")]).token, None);
        assert_eq!(config(&[("HF_TOKEN", "two words")]).token, None);
        assert!(!format!("{:?}", config(&[("HF_TOKEN", "hf_secret")])).contains("hf_secret"));
    }
}

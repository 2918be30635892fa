//! The proxy that the environment names. A name that cannot be used is an error: a user who must go through a proxy,
//! Tor's among them, is never connected without it.

use std::ffi::OsString;

use ureq::Proxy;
use ureq::http::Uri;

/// Proxies, as the environment names them.
#[derive(Clone, Default)]
pub(super) struct Proxies {
    http: Option<Named>,
    https: Option<Named>,
    /// Hosts that are reached without one, with all hosts below them; `*` is every host.
    except: Vec<String>,
}

/// A variable and what it holds, which may have a password in it.
#[derive(Clone)]
struct Named {
    variable: &'static str,
    address: String,
}

/// The variable whose proxy cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadProxy(pub(super) &'static str);

impl Proxies {
    /// Reads the variables as Python and curl do: those of the scheme first, small letters first.
    pub(super) fn from_variables(variable: &dyn Fn(&str) -> Option<OsString>) -> Proxies {
        let first = |names: &[&'static str]| {
            let named = names.iter().filter_map(|name| Some((*name, variable(name)?.to_string_lossy().into_owned())));
            let mut named = named.filter(|(_, address)| !address.is_empty());
            named.next().map(|(variable, address)| Named { variable, address })
        };
        let except = first(&["no_proxy", "NO_PROXY"]).map(|named| named.address).unwrap_or_default();
        let host = |entry: &str| entry.trim().trim_start_matches("*.").trim_start_matches('.').to_lowercase();
        Proxies {
            http: first(&["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
            https: first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            except: except.split(',').map(host).filter(|host| !host.is_empty()).collect(),
        }
    }

    /// The proxy for an address, if it goes through one.
    pub(super) fn of(&self, at: &Uri) -> Result<Option<Proxy>, BadProxy> {
        let named = match at.scheme_str() {
            Some("https") => &self.https,
            _ => &self.http,
        };
        let Some(named) = named.as_ref().filter(|_| !self.is_excepted(at)) else { return Ok(None) };
        Proxy::new(&named.address).map(Some).map_err(|_| BadProxy(named.variable))
    }

    fn is_excepted(&self, at: &Uri) -> bool {
        let host = at.host().unwrap_or_default().to_lowercase();
        let with_port = at.port_u16().map(|port| format!("{host}:{port}")).unwrap_or_default();
        self.except.iter().any(|entry| {
            let is_below = host.strip_suffix(entry.as_str()).is_some_and(|rest| rest.ends_with('.'));
            entry == "*" || *entry == host || *entry == with_port || is_below
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(variables: &[(&str, &str)], url: &str) -> Result<Option<String>, BadProxy> {
        let found = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into());
        let proxy = Proxies::from_variables(&found).of(&url.parse().unwrap())?;
        Ok(proxy.map(|proxy| format!("{:?} {}:{}", proxy.protocol(), proxy.host(), proxy.port())))
    }

    #[test]
    fn proxy_of_the_scheme_comes_first() {
        let both = [("https_proxy", "http://a:1"), ("HTTP_PROXY", "b:2"), ("ALL_PROXY", "socks5h://c:3")];
        assert_eq!(proxy(&both, "https://x"), Ok(Some("Http a:1".to_owned())));
        assert_eq!(proxy(&both, "http://x"), Ok(Some("Http b:2".to_owned())));
        assert_eq!(proxy(&both[2..], "https://x"), Ok(Some("Socks5h c:3".to_owned())));
        assert_eq!(proxy(&both[1..2], "https://x"), Ok(None), "that of http is not for https");
        assert_eq!(proxy(&[("HTTPS_PROXY", "")], "https://x"), Ok(None));
    }

    #[test]
    fn unusable_proxy_is_an_error_and_not_bypassed() {
        for bad in ["tor://a:1", "http://"] {
            assert_eq!(proxy(&[("ALL_PROXY", bad)], "https://x"), Err(BadProxy("ALL_PROXY")), "{bad}");
        }
    }

    #[test]
    fn excepted_hosts_are_reached_directly() {
        for (except, url, is_direct) in [
            ("example.org", "https://example.org", true),
            ("example.org", "https://hub.example.org", true),
            (".example.org, other", "https://hub.EXAMPLE.org:8080/x", true),
            ("*.example.org", "https://hub.example.org", true),
            ("127.0.0.1:8080", "http://127.0.0.1:8080", true),
            ("127.0.0.1:8080", "http://127.0.0.1:8081", false),
            ("example.org", "https://badexample.org", false),
            ("*", "https://example.org", true),
        ] {
            let found = proxy(&[("all_proxy", "http://a:1"), ("NO_PROXY", except)], url).unwrap();
            assert_eq!(found.is_none(), is_direct, "{except} {url}");
        }
    }
}

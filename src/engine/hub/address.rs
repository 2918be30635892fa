//! Addresses: comparing servers, resolving redirects, escaping.

use ureq::http::Uri;

/// Scheme, host and port: two addresses with the same are the same server.
pub(super) fn origin(at: &Uri) -> Option<(String, String, u16)> {
    let scheme = at.scheme_str()?.to_lowercase();
    let port = at.port_u16().or(match scheme.as_str() {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    })?;
    Some((scheme, at.host()?.to_lowercase(), port))
}

/// Where a redirect leads; nowhere where it would leave encryption.
pub(super) fn redirected(from: &Uri, location: &str) -> Option<String> {
    let location = location.split('#').next().filter(|location| !location.is_empty())?;
    let (scheme, authority) = (from.scheme_str()?, from.authority()?);
    // A colon further on is one of a path or a query.
    let beginning = location.split(['/', '?']).next().unwrap_or_default();
    let to = if let Some((own, _)) = beginning.split_once(':') {
        format!("{}{}", own.to_lowercase(), &location[own.len()..])
    } else if location.starts_with('?') {
        format!("{scheme}://{authority}{}{location}", from.path())
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else {
        let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{location}")
    };
    let is_kept = to.starts_with("https://") || (to.starts_with("http://") && scheme == "http");
    is_kept.then_some(to)
}

/// Escapes a path or a revision for an address: all but letters, digits, `-._~` and the characters in `kept`.
pub(super) fn escaped(text: &str, kept: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match char::from(byte) {
            c if c.is_ascii_alphanumeric() || "-._~".contains(c) || kept.contains(c) => escaped.push(c),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_is_resolved_and_never_leaves_encryption() {
        let from: Uri = "https://hub.example/a/resolve/x?y=1".parse().unwrap();
        for (location, to) in [
            ("https://cdn.example/z?s=%2F#f", Some("https://cdn.example/z?s=%2F")),
            ("//cdn.example/z", Some("https://cdn.example/z")),
            ("/b/c", Some("https://hub.example/b/c")),
            ("c", Some("https://hub.example/a/resolve/c")),
            ("/b?url=https://other.example/z", Some("https://hub.example/b?url=https://other.example/z")),
            ("c?url=http://other.example/z", Some("https://hub.example/a/resolve/c?url=http://other.example/z")),
            ("?y=2:3", Some("https://hub.example/a/resolve/x?y=2:3")),
            ("HTTPS://cdn.example/Z", Some("https://cdn.example/Z")),
            ("Http://cdn.example/z", None),
            ("http://cdn.example/z", None),
            ("file:///etc/passwd", None),
            ("", None),
        ] {
            assert_eq!(redirected(&from, location).as_deref(), to, "{location}");
        }
    }

    #[test]
    fn escaped_path_has_only_allowed_characters() {
        assert_eq!(escaped("refs/pr/1", ""), "refs%2Fpr%2F1");
        assert_eq!(escaped("onnx/a b%é.onnx", "/"), "onnx/a%20b%25%C3%A9.onnx");
    }
}

//! Requests to the hub: redirects, the token, retries. Blocking, with one connection at a time.

use std::io::{ErrorKind, Read};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use ureq::http::{HeaderMap, Response, Uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, Error, Proxy};

use super::address::{origin, redirected};
use super::backoff::Backoff;
use super::config::{HUGGING_FACE, HubConfig};
use super::control::DownloadControl;
use super::http_error::{HttpError, Refusal};
use super::proxy::{BadProxy, Proxies};
use super::stall::{StallDetector, Throughput};
use crate::panics::caught;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// Redirects that are followed. The hub has one or two.
const MOST_REDIRECTS: usize = 8;

/// How the standard library begins when a host's name stands for no address, for which it has no kind of error: without
/// a network, that is what happens first.
const NO_ADDRESS: &str = "failed to lookup address information";

/// A client of the hub.
pub(super) struct Client {
    agent: OnceLock<Agent>,
    endpoint: String,
    token: Option<String>,
    proxies: Proxies,
    silence: Duration,
    /// Something was heard of the hub, so that there is a network.
    has_heard: AtomicBool,
}

impl Client {
    pub(super) fn new(config: &HubConfig) -> Client {
        let has_heard = AtomicBool::new(false);
        let HubConfig { endpoint, token, proxies, silence, .. } = config.clone();
        Client { agent: OnceLock::new(), endpoint, token, proxies, silence, has_heard }
    }

    /// True without a token.
    pub(super) fn is_anonymous(&self) -> bool {
        self.token.is_none()
    }

    /// The address of something on the hub; `path` begins with a slash.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.endpoint)
    }

    /// Asks for JSON of at most `largest` bytes, and again where that may help.
    pub(super) fn json<T: DeserializeOwned>(
        &self,
        url: &str,
        largest: u64,
        control: &mut DownloadControl<'_>,
    ) -> Result<T, HttpError> {
        let bytes = self.bytes(url, largest, control)?;
        serde_json::from_slice(&bytes).map_err(|error| HttpError::Nonsense { detail: error.to_string() })
    }

    /// Asks for at most `largest` bytes, and again where that may help.
    pub(super) fn bytes(
        &self,
        url: &str,
        largest: u64,
        control: &mut DownloadControl<'_>,
    ) -> Result<Vec<u8>, HttpError> {
        let mut backoff = Backoff::new();
        loop {
            match self.get(url, 0, control.stop).and_then(|answer| self.read_whole(answer, largest, control.stop)) {
                Err(error) => backoff.after(error, self.has_heard(), control)?,
                done => return done,
            }
        }
    }

    /// Asks once for the bytes from `from` on. The answer's status is a success.
    pub(super) fn get(&self, url: &str, from: u64, stop: &AtomicBool) -> Result<Response<Body>, HttpError> {
        if !self.endpoint.contains("://") {
            return Err(HttpError::NoScheme);
        }
        let mut url = url.to_owned();
        for _ in 0..=MOST_REDIRECTS {
            if stop.load(Ordering::Relaxed) {
                return Err(HttpError::Cancelled);
            }
            let at: Uri = url.parse().map_err(|_| nonsense("an address that is none"))?;
            let proxy = self.proxies.of(&at).map_err(|BadProxy(variable)| HttpError::BadProxy(variable))?;
            // Looking up an address takes a thread, and panics where there is none to be had.
            let answer = caught(|| self.request(&at, from, proxy));
            let answer = answer.map_err(|panicked| HttpError::NoConnection { detail: panicked.to_string() })?;
            let answer = answer.map_err(http_error)?;
            self.has_heard.store(true, Ordering::Relaxed);
            match answer.status().as_u16() {
                301 | 302 | 303 | 307 | 308 => {
                    let location = text(answer.headers(), "location");
                    url = redirected(&at, &location).ok_or_else(|| nonsense("a redirect to nowhere"))?;
                }
                200..=299 => return Ok(answer),
                status => return Err(HttpError::Refused(refusal(status, answer.headers()))),
            }
        }
        Err(nonsense("redirects without end"))
    }

    /// A watch over how fast something comes.
    pub(super) fn stall(&self) -> StallDetector {
        StallDetector::new(self.silence)
    }

    /// True once the hub, or what stands between, has answered.
    pub(super) fn has_heard(&self) -> bool {
        self.has_heard.load(Ordering::Relaxed)
    }

    fn read_whole(&self, answer: Response<Body>, largest: u64, stop: &AtomicBool) -> Result<Vec<u8>, HttpError> {
        let mut body = answer.into_body().into_reader();
        let (mut bytes, mut piece, mut stall) = (Vec::new(), [0; 16 << 10], self.stall());
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(HttpError::Cancelled);
            }
            let read = match body.read(&mut piece) {
                Ok(0) => return Ok(bytes),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(HttpError::Cut { detail: error.to_string() }),
            };
            bytes.extend(&piece[..read]);
            if bytes.len() as u64 > largest {
                return Err(nonsense(&format!("more than {largest} bytes")));
            }
            if stall.came(read, Instant::now()) == Throughput::TooSlow {
                return Err(HttpError::TooSlow);
            }
        }
    }

    fn request(&self, at: &Uri, from: u64, proxy: Option<Proxy>) -> Result<Response<Body>, Error> {
        // Packed files would have other lengths than the listing says, and could not be asked for in part.
        let request = self.agent().get(at).config().proxy(proxy).build();
        let mut request = request.header("Accept-Encoding", "identity");
        if let Some(token) = self.token.as_ref().filter(|_| self.is_trusted(at)) {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if from > 0 {
            request = request.header("Range", format!("bytes={from}-"));
        }
        request.call()
    }

    /// True where the token may be shown: to the hub that was named and to the one that gave it, not to the stores that
    /// they send one to.
    fn is_trusted(&self, at: &Uri) -> bool {
        let hubs = [self.endpoint.as_str(), HUGGING_FACE];
        hubs.iter().filter_map(|hub| hub.parse().ok()).any(|hub: Uri| origin(&hub) == origin(at))
    }

    /// Made when it is first needed: reading the system's certificates takes a moment.
    fn agent(&self) -> &Agent {
        self.agent.get_or_init(|| {
            // Redirects are followed here, because the token must be left out by scheme, host and port.
            let config = Agent::config_builder()
                .user_agent(concat!("sis/", env!("CARGO_PKG_VERSION")))
                .http_status_as_error(false)
                .max_redirects(0)
                .proxy(None)
                .max_redirects_will_error(false)
                .timeout_connect(Some(CONNECT))
                .timeout_recv_response(Some(self.silence.saturating_mul(3)))
                .timeout_per_read(Some(self.silence))
                .tls_config(TlsConfig::builder().root_certs(root_certificates()).build());
            config.build().new_agent()
        })
    }
}

/// The system's certificates, so that a newsroom's or a university's own one holds, and `SSL_CERT_FILE` too; those of
/// Mozilla, which are built in, where the system has none, as in a small container.
fn root_certificates() -> RootCerts {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!("a certificate cannot be used: {error}");
    }
    if found.certs.is_empty() {
        return RootCerts::WebPki;
    }
    found.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).into()
}

fn nonsense(detail: &str) -> HttpError {
    HttpError::Nonsense { detail: detail.to_owned() }
}

fn refusal(status: u16, headers: &HeaderMap) -> Refusal {
    let seconds = text(headers, "retry-after").trim().parse().ok();
    Refusal { status, code: text(headers, "x-error-code"), retry_after: seconds.map(Duration::from_secs) }
}

/// A header as text; empty where it is not there.
pub(super) fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// The error of a request that failed on the way: whether a connection came about at all decides what is said of it,
/// and whether it is worth trying again.
fn http_error(error: Error) -> HttpError {
    use std::io::ErrorKind::{
        AddrNotAvailable, ConnectionRefused, HostUnreachable, InvalidData, InvalidInput, NetworkDown,
        NetworkUnreachable, NotFound,
    };
    let detail = match &error {
        Error::Io(error) => error.to_string(),
        error => error.to_string(),
    };
    let never_connected = match &error {
        Error::Io(error) => {
            [
                AddrNotAvailable,
                ConnectionRefused,
                HostUnreachable,
                InvalidData,
                InvalidInput,
                NetworkDown,
                NetworkUnreachable,
                NotFound,
            ]
            .contains(&error.kind())
                || error.to_string().starts_with(NO_ADDRESS)
        }
        Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => true,
        Error::HostNotFound
        | Error::ConnectionFailed
        | Error::ConnectProxyFailed(_)
        | Error::InvalidProxyUrl
        | Error::Tls(_)
        | Error::Rustls(_) => true,
        Error::BadUri(_) | Error::Http(_) | Error::LargeResponseHeader(..) => return HttpError::Nonsense { detail },
        _ => false,
    };
    match never_connected {
        true => HttpError::NoConnection { detail },
        false => HttpError::Cut { detail },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unresolved_host_is_no_connection_and_no_cut() {
        use std::net::ToSocketAddrs;
        // Reserved never to exist (RFC 6761).
        let error = "nobody.invalid:443".to_socket_addrs().unwrap_err();
        assert!(matches!(http_error(Error::Io(error)), HttpError::NoConnection { .. }));
        let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert!(matches!(http_error(Error::Io(cut)), HttpError::Cut { .. }));
    }

    #[test]
    fn token_is_sent_to_the_hub_only() {
        let config = HubConfig { endpoint: "http://mirror:8080".to_owned(), ..HubConfig::from_variables(&|_| None) };
        let client = Client::new(&config);
        for (url, is_trusted) in [
            ("http://mirror:8080/x", true),
            ("http://MIRROR:8080/x", true),
            ("https://huggingface.co/x", true),
            ("http://huggingface.co/x", false),
            ("http://mirror:8081/x", false),
            ("https://mirror:8080/x", false),
            ("https://cdn.huggingface.co/x", false),
        ] {
            assert_eq!(client.is_trusted(&url.parse().unwrap()), is_trusted, "{url}");
        }
    }
}

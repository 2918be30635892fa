//! A small hub on this machine: it speaks the few addresses that the program asks for, and misbehaves where a test says
//! so.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};
use sha1::{Digest, Sha1};

use crate::support::{fixtures, sha256};

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Decoded, without the query.
    pub(crate) path: String,
    pub(crate) query: String,
    /// By name in small letters.
    pub(crate) headers: BTreeMap<String, String>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The first byte that is asked for.
    pub(crate) fn range(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }

    /// True for a request for the content of this file.
    pub(crate) fn is_for(&self, file: &str) -> bool {
        self.method == "GET" && self.path.contains("/resolve/") && self.path.ends_with(file)
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The length that is claimed, where it is not the body's.
    pub(crate) length: Option<usize>,
    /// The connection is cut after so many bytes of the body.
    pub(crate) cut_after: Option<usize>,
    /// After so many bytes of the body, nothing comes for a while.
    pub(crate) silent_after: Option<usize>,
    /// After so many bytes of the body, the rest comes one by one.
    pub(crate) trickle_after: Option<usize>,
    /// So many at a time, in place of one.
    pub(crate) trickle: usize,
    /// The head comes so, too.
    pub(crate) trickles_head: bool,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Answer {
        Answer {
            status,
            headers: vec![],
            body: body.into(),
            length: None,
            cut_after: None,
            silent_after: None,
            trickle_after: None,
            trickle: 1,
            trickles_head: false,
        }
    }

    pub(crate) fn json(body: &Json) -> Answer {
        Answer::new(200, body.to_string()).with("Content-Type", "application/json")
    }

    /// An error as the hub has them.
    pub(crate) fn error(status: u16, code: &str) -> Answer {
        Answer::new(status, "{}").with("X-Error-Code", code)
    }

    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Answer {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// No answer at all: the connection is cut.
    pub(crate) fn none() -> Answer {
        Answer::new(0, "")
    }

    pub(crate) fn cut_after(self, bytes: usize) -> Answer {
        Answer { cut_after: Some(bytes), ..self }
    }
}

/// A model as it is published.
#[derive(Debug, Clone, Default)]
pub(crate) struct Repository {
    pub(crate) id: String,
    /// The files of each commit.
    pub(crate) commits: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    /// The commits that branches, tags and pull requests stand for.
    pub(crate) revisions: BTreeMap<String, String>,
    /// Pull requests: number, title, account, and the commits of each, the newest first.
    pub(crate) requests: Vec<(u64, String, String, Vec<String>)>,
}

impl Repository {
    /// A repository whose main branch has the files of a fixture.
    pub(crate) fn of_fixture(id: &str, fixture: &str) -> Repository {
        let mut repository = Repository { id: id.to_owned(), ..Repository::default() };
        repository.publish("main", files_of(&fixtures().join(fixture)));
        repository
    }

    /// Makes a commit, and the revision stand for it. Gives the commit.
    pub(crate) fn publish(&mut self, revision: &str, files: BTreeMap<String, Vec<u8>>) -> String {
        let commit = sha256(format!("{revision} {}", self.commits.len()))[..40].to_owned();
        self.commits.insert(commit.clone(), files);
        self.revisions.insert(revision.to_owned(), commit.clone());
        commit
    }

    pub(crate) fn head(&self) -> &str {
        &self.revisions["main"]
    }

    pub(crate) fn main(&self) -> BTreeMap<String, Vec<u8>> {
        self.commits[self.head()].clone()
    }

    fn commit_of<'r>(&'r self, revision: &'r str) -> Option<&'r str> {
        let commit = self.revisions.get(revision).map_or(revision, String::as_str);
        self.commits.contains_key(commit).then_some(commit)
    }

    /// The answer of a well-behaved hub.
    pub(crate) fn answer(&self, request: &Request) -> Answer {
        let (api, page) = (format!("/api/models/{}", self.id), format!("/{}/resolve/", self.id));
        if let Some(revision) = request.path.strip_prefix(&format!("{api}/revision/")) {
            return match self.commit_of(revision) {
                Some(commit) => Answer::json(&self.listing(commit)),
                None => Answer::error(404, "RevisionNotFound"),
            };
        }
        if request.path == format!("{api}/discussions") {
            let found = self.requests.iter().map(|(number, title, account, _)| {
                json!({"num": number, "title": title, "status": "open", "isPullRequest": true, "author": {"name": account}})
            });
            let found: Vec<Json> = found.collect();
            return Answer::json(&json!({"count": found.len(), "start": 0, "discussions": found}));
        }
        if let Some(revision) = request.path.strip_prefix(&format!("{api}/commits/refs/pr/")) {
            let commits = self.requests.iter().filter(|(number, ..)| number.to_string() == revision);
            let commits: Vec<Json> = commits.flat_map(|(.., ids)| ids).map(|id| json!({"id": id})).collect();
            return Answer::json(&Json::Array(commits));
        }
        if let Some((revision, name)) = request.path.strip_prefix(&page).and_then(|rest| self.split(rest)) {
            let commit = self.commit_of(&revision).unwrap();
            return match self.commits[commit].get(&name) {
                Some(content) => file(content, &name, commit, request),
                None => Answer::error(404, "EntryNotFound").with("X-Repo-Commit", commit),
            };
        }
        Answer::error(404, "RepoNotFound")
    }

    /// Revision and path of what is asked for; a revision may have slashes.
    fn split(&self, rest: &str) -> Option<(String, String)> {
        let known = self.revisions.keys().chain(self.commits.keys());
        known
            .filter_map(|revision| Some((revision.clone(), rest.strip_prefix(&format!("{revision}/"))?.to_owned())))
            .next()
    }

    /// The answer to `?blobs=true`.
    pub(crate) fn listing(&self, commit: &str) -> Json {
        let siblings = self.commits[commit].iter().map(|(name, content)| match is_large(name) {
            true => json!({"rfilename": name, "size": content.len(), "blobId": git_hash(b"pointer"),
                           "lfs": {"sha256": sha256(content), "size": content.len(), "pointerSize": 7}}),
            false => json!({"rfilename": name, "size": content.len(), "blobId": git_hash(content)}),
        });
        let siblings: Vec<Json> = siblings.collect();
        json!({"id": self.id, "sha": commit, "library_name": "transformers", "siblings": siblings})
    }
}

/// The answer with a file, or a part of it.
fn file(content: &[u8], name: &str, commit: &str, request: &Request) -> Answer {
    let hash = if is_large(name) { sha256(content) } else { git_hash(content) };
    let answer = match request.range() {
        Some(from) if from < content.len() => {
            let range = format!("bytes {from}-{}/{}", content.len() - 1, content.len());
            Answer::new(206, &content[from..]).with("Content-Range", range)
        }
        Some(_) => Answer::new(416, ""),
        None => Answer::new(200, content),
    };
    answer.with("ETag", format!("\"{hash}\"")).with("X-Repo-Commit", commit).with("Accept-Ranges", "bytes")
}

/// True for files that the hub keeps in large file storage.
fn is_large(name: &str) -> bool {
    [".safetensors", ".onnx", ".bin", ".onnx_data"].iter().any(|ending| name.ends_with(ending))
}

/// The name of a file's content in git.
pub(crate) fn git_hash(content: &[u8]) -> String {
    let mut hasher = Sha1::new_with_prefix(format!("blob {}\0", content.len()));
    hasher.update(content);
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files of a folder, by their paths from it.
pub(crate) fn files_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap).filter(|e| e.file_type().is_file());
    let file = |path: &Path| {
        let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read(path).unwrap())
    };
    entries.map(|entry| file(entry.path())).collect()
}

type Behaviour = dyn Fn(&Request, usize) -> Answer + Send + Sync;

/// A server, until the end of the test.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// A server that answers as it should.
    pub(crate) fn of(repository: &Repository) -> Server {
        let repository = repository.clone();
        Server::new(move |request, _| repository.answer(request))
    }

    /// A server that answers in its own way. It is told how often the same was asked for before.
    pub(crate) fn new(behaviour: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (noted, behaviour): (_, Arc<Behaviour>) = (Arc::clone(&requests), Arc::new(behaviour));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (noted, behaviour) = (Arc::clone(&noted), Arc::clone(&behaviour));
                std::thread::spawn(move || drop(serve(stream, &noted, &*behaviour)));
            }
        });
        Server { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that was asked so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// How often the content of a file was asked for.
    pub(crate) fn asked_for(&self, file: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.is_for(file)).collect()
    }
}

/// Answers one request; the connection is closed after it.
fn serve(mut stream: TcpStream, noted: &Mutex<Vec<Request>>, behaviour: &Behaviour) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        headers.insert(name.trim().to_lowercase(), value.trim().to_owned());
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let request = Request { method, path: decoded(path), query: query.to_owned(), headers };
    let times = {
        let mut noted = noted.lock().unwrap();
        let times = noted.iter().filter(|known| known.path == request.path && known.method == request.method).count();
        noted.push(request.clone());
        times
    };
    let answer = behaviour(&request, times);
    if answer.status == 0 {
        return Ok(());
    }
    let length = answer.length.unwrap_or(answer.body.len());
    let mut head = format!("HTTP/1.1 {} X\r\nContent-Length: {length}\r\nConnection: close\r\n", answer.status);
    answer.headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    let head = format!("{head}\r\n");
    match answer.trickles_head {
        true => head.as_bytes().iter().try_for_each(|byte| {
            std::thread::sleep(std::time::Duration::from_millis(300));
            stream.write_all(&[*byte])
        })?,
        false => stream.write_all(head.as_bytes())?,
    }
    if request.method != "HEAD" {
        let body = &answer.body[..answer.cut_after.unwrap_or(answer.body.len()).min(answer.body.len())];
        if let Some(bytes) = answer.silent_after {
            stream.write_all(&body[..bytes])?;
            std::thread::sleep(std::time::Duration::from_secs(5));
            return Ok(());
        }
        let (at_once, one_by_one) = body.split_at(answer.trickle_after.unwrap_or(body.len()).min(body.len()));
        stream.write_all(at_once)?;
        for bytes in one_by_one.chunks(answer.trickle) {
            stream.write_all(bytes)?;
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
    stream.flush()?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let _ = stream.read(&mut [0; 1024]);
    Ok(())
}

fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| std::str::from_utf8(after.get(..2)?).ok()).flatten();
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

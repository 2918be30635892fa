//! The hub over TLS: the system's certificates hold, and nobody else's.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::server::Server;
use super::{User, published};

use crate::skip::require;

/// Ends TLS and hands on what comes through: to the port that is its argument. Prints its own.
const TERMINATOR: &str = "
import asyncio, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
async def pipe(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()
async def serve(reader, writer):
    far_reader, far_writer = await asyncio.open_connection('127.0.0.1', int(sys.argv[3]))
    await asyncio.gather(pipe(reader, far_writer), pipe(far_reader, writer))
async def main():
    server = await asyncio.start_server(serve, '127.0.0.1', 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
";

/// The script that makes an authority and a certificate of it for 127.0.0.1.
const CERTIFICATES: &str = "
set -e
key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
openssl req -x509 $key -keyout authority.key -out authority.pem -subj /CN=authority -days 2
openssl req $key -keyout own.key -out own.csr -subj /CN=hub
printf 'subjectAltName=IP:127.0.0.1\\nbasicConstraints=CA:FALSE\\n' > extensions
openssl x509 -req -in own.csr -CA authority.pem -CAkey authority.key -CAcreateserial -out own.pem -days 2 \
    -extfile extensions
";

struct Terminator(Child);

impl Drop for Terminator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server in front of another one, and its address; none where this machine cannot, which is said.
fn terminator(folder: &Path, server: &Server) -> Option<(Terminator, String)> {
    if !require("openssl") || !require("python3") {
        return None;
    }
    let made = Command::new("sh").args(["-c", CERTIFICATES]).current_dir(folder).output();
    assert!(made.unwrap().status.success(), "openssl makes certificates");
    let port = server.url().rsplit_once(':').unwrap().1.to_owned();
    let mut python = Command::new("python3");
    python
        .args(["-c", TERMINATOR, "own.pem", "own.key", &port])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = python.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    Some((Terminator(child), format!("https://127.0.0.1:{}", line.trim())))
}

#[test]
fn a_hub_is_believed_if_the_systems_certificates_vouch_for_it() {
    let repository = published();
    let server = Server::of(&repository);
    let user = User::of(&server).with("HF_TOKEN", "hf_secret");
    let Some((_terminator, address)) = terminator(user.workspace.root(), &server) else { return };
    let user = User { endpoint: address, ..user };
    let finished = user.pull().ended_with(1);
    assert!(finished.err.contains("cannot be reached") && finished.err.contains("certificate"), "{}", finished.err);
    assert!(server.requests().is_empty(), "a stranger is shown nothing");
    let authority = user.workspace.path("authority.pem");
    let user = user.with("SSL_CERT_FILE", authority.display());
    user.pull().ended_with(0);
    user.assert_pulled(&repository);
}

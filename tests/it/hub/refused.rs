//! Requests that a hub refuses, and answers that are not believed.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::server::{Answer, Request, Server};
use super::{ID, User, WEIGHTS, misbehaving, published};

#[test]
fn what_the_hub_refuses_is_told_apart() {
    let gated =
        |answer: Answer, request: &Request| if request.path.contains("/resolve/") { answer } else { Answer::none() };
    type Case<'c> = (&'c str, u16, &'c str, &'c [(&'static str, &'c str)], &'c [&'c str]);
    let cases: [Case<'_>; 8] = [
        (
            "no such model",
            404,
            "RepoNotFound",
            &[("HF_TOKEN", "hf_x")],
            &["has no model of that name", "no folder owner/name"],
        ),
        ("no such model, or a private one", 401, "RepoNotFound", &[], &["no public model", "HF_TOKEN"]),
        ("a mirror that has no codes", 404, "", &[], &["no public model of that name"]),
        ("needs a token", 401, "", &[], &["only for those who are logged in", "HF_TOKEN"]),
        ("wrong token", 401, "", &[("HF_TOKEN", "hf_wrong")], &["does not accept your token"]),
        ("gated", 403, "GatedRepo", &[("HF_TOKEN", "hf_x")], &["ask at http", "/owner/name and try again"]),
        ("gated, and nobody logged in", 401, "GatedRepo", &[], &["ask at http", "HF_TOKEN"]),
        ("no such revision", 404, "RevisionNotFound", &[], &["has no revision main"]),
    ];
    for (name, status, code, variables, words) in cases {
        let server = match code {
            "" => Server::new(move |_, _| Answer::new(status, "{}")),
            // The listing of a gated model is public.
            "GatedRepo" => misbehaving(&published(), move |request, _, answer| {
                let refused = gated(Answer::error(status, code), request);
                if refused.status == 0 { answer } else { refused }
            }),
            _ => Server::new(move |_, _| Answer::error(status, code)),
        };
        let user = variables.iter().fold(User::of(&server), |user, (name, value)| user.with(name, value));
        let finished = user.pull().ended_with(1);
        for word in words {
            assert!(finished.err.contains(word), "{name}: {}", finished.err);
        }
        assert!(!user.model().join("snapshots").exists(), "{name}");
    }
    let server = Server::of(&published());
    let finished = User::of(&server).sis(&["model", "pull", "owner/name@v9"]).ended_with(1);
    assert!(finished.err.contains("The model owner/name has no revision v9"), "{}", finished.err);
    let finished = User::of(&server).sis(&["model", "pull", "../name"]).ended_with(2);
    assert!(finished.err.contains("is no name on the hub"), "{}", finished.err);
}

#[test]
fn no_network_no_hub_and_offline_mode_are_told_apart() {
    let server = Server::new(|_, _| Answer::new(200, "<html>Please log in</html>"));
    let finished = User::of(&server).pull().ended_with(1);
    assert!(finished.err.contains("does not speak as a hub does"), "{}", finished.err);
    let nobody = User { endpoint: "http://127.0.0.1:1".to_owned(), ..User::of(&server) };
    let begun = Instant::now();
    let finished = nobody.pull().ended_with(1);
    assert!(
        finished.err.contains("cannot be reached") && finished.err.contains("check the network"),
        "{}",
        finished.err
    );
    assert!(begun.elapsed() < Duration::from_secs(5), "where there is no network, that is said at once");
    let without_scheme = User { endpoint: server.url().replace("http://", ""), ..User::of(&server) };
    let finished = without_scheme.pull().ended_with(1);
    assert!(finished.err.contains("set HF_ENDPOINT to https://127.0.0.1:"), "{}", finished.err);
    for variable in ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"] {
        let offline = User::of(&server).with(variable, "1");
        offline.workspace.write_pictures(["1.jpg"]);
        let finished = offline.classify(ID).ended_with(1);
        assert!(finished.err.contains("not complete in the cache, and offline mode is on"), "{}", finished.err);
    }
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_busy_hub_is_waited_for_as_long_as_it_asks() {
    let repository = published();
    for status in [429, 503] {
        let server = misbehaving(&repository, move |request, times, answer| {
            let is_busy = times == 0 && (request.path.starts_with("/api/") || request.is_for(WEIGHTS));
            if is_busy { Answer::new(status, "").with("Retry-After", 1) } else { answer }
        });
        let user = User::of(&server);
        let begun = Instant::now();
        let finished = user.pull().ended_with(0);
        assert!(begun.elapsed() >= Duration::from_secs(2));
        assert!(finished.err.contains("trying again in 1 second."), "{}", finished.err);
        user.assert_pulled(&repository);
        // No pause at all would spend every try at once.
        let server = misbehaving(&repository, move |request, times, answer| {
            let is_busy = times < 2 && request.path.starts_with("/api/");
            if is_busy { Answer::new(status, "").with("Retry-After", 0) } else { answer }
        });
        let begun = Instant::now();
        User::of(&server).pull().ended_with(0);
        assert!(begun.elapsed() >= Duration::from_millis(1500));
        let server = Server::new(move |_, _| Answer::new(status, "").with("Retry-After", 3600));
        let finished = User::of(&server).pull().ended_with(1);
        assert!(finished.err.contains(&format!("has no time (status {status})")), "{}", finished.err);
        assert_eq!(server.requests().len(), 1, "an hour is not waited for");
    }
}

#[test]
fn redirects_are_followed_and_the_token_stays_with_the_hub() {
    let repository = published();
    let stored = repository.clone();
    let store = Server::new(move |request, times| {
        let name = request.path.strip_prefix("/store/").unwrap_or_default();
        let resolve = format!("/{ID}/resolve/{}/{name}", stored.head());
        let answer = stored.answer(&Request { path: resolve, ..request.clone() });
        if name == WEIGHTS && times == 0 { answer.cut_after(70_000) } else { answer }
    });
    let store_url = store.url();
    let hub = misbehaving(&repository, move |request, _, answer| {
        if request.is_for(WEIGHTS) {
            return Answer::new(302, "").with("Location", format!("{store_url}/store/{WEIGHTS}?signature=%2Fx"));
        }
        match request.path.strip_prefix("/api/models/owner/name/") {
            Some(rest) => {
                Answer::new(307, "").with("Location", format!("/api/models/owner/renamed/{}?blobs=true", rest))
            }
            None => answer,
        }
    });
    // The hub answers for a model that was renamed at another address of its own.
    let renamed = repository.clone();
    let hub_url = hub.url();
    let front = Server::new(move |request, _| {
        let path = request.path.replace("owner/renamed", ID);
        match request.path.contains("/api/models/owner/renamed") {
            true => renamed.answer(&Request { path, ..request.clone() }),
            false if request.path.starts_with("/api/") => {
                let path = request.path.replace(ID, "owner/renamed");
                Answer::new(307, "").with("Location", format!("{path}?{}", request.query))
            }
            false => Answer::new(302, "").with("Location", format!("{hub_url}{}", request.path)),
        }
    });
    let user = User::of(&front).with("HF_TOKEN", "hf_secret");
    user.pull().ended_with(0);
    user.assert_pulled(&repository);
    let ranges: Vec<_> = store.requests().iter().map(Request::range).collect();
    assert_eq!(ranges, [None, Some(70_000)]);
    assert_eq!(store.requests()[0].query, "signature=%2Fx");
    let shows =
        |server: &Server| server.requests().iter().map(|r| r.header("authorization").is_some()).collect::<Vec<_>>();
    assert!(shows(&front).iter().all(|shown| *shown), "the hub that was named sees the token");
    assert!(
        shows(&hub).iter().chain(&shows(&store)).all(|shown| !shown),
        "no other server does, on this machine neither"
    );
    let server = Server::new(|request, _| Answer::new(302, "").with("Location", request.path.clone()));
    let finished = User::of(&server).pull().ended_with(1);
    assert!(finished.err.contains("redirects without end"), "{}", finished.err);
}

#[test]
fn a_listing_that_nothing_honest_would_have_is_refused() {
    let repository = published();
    let sibling = |name: &str| json!({"rfilename": name, "size": 1, "blobId": "0".repeat(40)});
    let with = |change: &dyn Fn(&mut Json)| {
        let mut listing = repository.listing(repository.head());
        change(&mut listing);
        listing.to_string()
    };
    let many: Vec<Json> = (0..20_000).map(|number| sibling(&number.to_string())).collect();
    let of_weights = |listing: &mut Json, key: &str, value: Json| {
        let siblings = listing["siblings"].as_array_mut().unwrap();
        siblings.iter_mut().find(|sibling| sibling["rfilename"] == WEIGHTS).unwrap()["lfs"][key] = value;
    };
    let credible = "no honest one has";
    for (name, listing, words) in [
        ("out of the folder", with(&|l| l["siblings"].as_array_mut().unwrap().push(sibling("../../../x"))), credible),
        ("absolute", with(&|l| l["siblings"].as_array_mut().unwrap().push(sibling("/tmp/x"))), credible),
        ("of another system", with(&|l| l["siblings"].as_array_mut().unwrap().push(sibling("..\\x"))), credible),
        ("escapes", with(&|l| l["siblings"].as_array_mut().unwrap().push(sibling("x\u{1b}[31m"))), "\\x1b[31m"),
        ("too many", with(&|l| l["siblings"].as_array_mut().unwrap().extend(many.clone())), "20005 files"),
        ("no commit", with(&|l| l["sha"] = json!("../../../../x")), credible),
        ("no hash", with(&|l| of_weights(l, "sha256", json!("../x"))), credible),
        ("larger than any disk", with(&|l| of_weights(l, "size", json!(u64::MAX))), "has room for"),
        ("a negative size", with(&|l| of_weights(l, "size", json!(-1))), "does not speak as a hub does"),
        ("no list", with(&|l| l["siblings"] = json!("x")), "does not speak as a hub does"),
        ("deep", format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000)), "does not speak as a hub does"),
        ("long", format!("{{\"sha\": \"{}\"}}", "a".repeat(40_000_000)), "more than 10000000 bytes"),
    ] {
        let server = misbehaving(&repository, move |request, _, answer| {
            if request.path.starts_with("/api/") { Answer::new(200, listing.clone()) } else { answer }
        });
        let user = User::of(&server);
        let finished = user.pull().ended_with(1);
        assert!(finished.err.contains(words), "{name}: {}", finished.err);
        assert!(server.asked_for(WEIGHTS).is_empty(), "{name}");
        assert!(!user.model().exists(), "{name}");
    }
}

#[test]
fn the_tokens_file_and_a_proxy_are_honoured() {
    let repository = published();
    let seen = std::sync::Arc::new(Mutex::new(Vec::new()));
    let noted = std::sync::Arc::clone(&seen);
    let server = misbehaving(&repository, move |request, _, answer| {
        noted.lock().unwrap().push(request.header("authorization").map(str::to_owned));
        answer
    });
    let user = User::of(&server);
    let token = user.workspace.home().join("cache/huggingface/token");
    std::fs::create_dir_all(token.parent().unwrap()).unwrap();
    std::fs::write(&token, "hf_from_the_file\n").unwrap();
    user.sis(&["model", "info", ID]).ended_with(0);
    assert!(seen.lock().unwrap().iter().all(|shown| shown.as_deref() == Some("Bearer hf_from_the_file")));
    // As a proxy the same server is asked for a host that does not exist.
    let repository = published();
    let proxy = Server::new(move |request, _| {
        let path = request.path.strip_prefix("http://hub.invalid").unwrap_or(&request.path).to_owned();
        repository.answer(&Request { path, ..request.clone() })
    });
    let behind = User { endpoint: "http://hub.invalid".to_owned(), ..User::of(&proxy) }.with("HTTP_PROXY", proxy.url());
    let finished = behind.sis(&["model", "info", ID]);
    assert!(!proxy.requests().is_empty(), "{}", finished.err);
    // A user who has to go through a proxy is never connected without it.
    let server = Server::of(&published());
    for (proxy, words) in
        [("socks5h://127.0.0.1:1", "cannot be reached"), ("tor://127.0.0.1:1", "The proxy in ALL_PROXY")]
    {
        let finished = User::of(&server).with("ALL_PROXY", proxy).pull().ended_with(1);
        assert!(finished.err.contains(words), "{}", finished.err);
    }
    assert!(server.requests().is_empty());
    let user = User::of(&server).with("ALL_PROXY", "socks5h://127.0.0.1:1").with("NO_PROXY", "127.0.0.1");
    user.pull().ended_with(0);
}

//! Safetensors that the hub's own service has made of a `pytorch_model.bin`, and that the owner has not taken over yet:
//! they lie in an open pull request.
//!
//! The rule is that of transformers (`safetensors_conversion.py`): a pull request that is open, by the service's
//! account, of its title, and whose parent is the head of the main branch, so that nothing else was changed and nothing
//! is stale.

use serde::Deserialize;

use super::DownloadControl;
use super::address::escaped;
use super::http::Client;
use super::http_error::HttpError;
use super::listing::is_hexadecimal;

/// The service's account.
const ACCOUNT: &str = "SFconvertbot";

/// The title of its pull requests.
const TITLE: &str = "Adding `safetensors` variant of this model";

/// The most bytes of a page of pull requests or commits.
const LARGEST: u64 = 5_000_000;

#[derive(Deserialize)]
struct Discussions {
    discussions: Vec<Discussion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Discussion {
    num: u64,
    title: String,
    status: String,
    is_pull_request: bool,
    author: Option<Author>,
}

#[derive(Deserialize)]
struct Author {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Commit {
    id: String,
}

/// The revision of the conversion of what is at the commit `main`; none where there is none.
pub(super) fn find(
    client: &Client,
    id: &str,
    main: &str,
    control: &mut DownloadControl<'_>,
) -> Result<Option<String>, HttpError> {
    // By account, so that the first page has them all: the service opens one for a model.
    let query = format!("?type=pull_request&status=open&author={ACCOUNT}&p=0");
    let url = client.url(&format!("/api/models/{id}/discussions{query}"));
    let found: Discussions = client.json(&url, LARGEST, control)?;
    for request in found.discussions.iter().filter(|request| request.is_of_the_service()) {
        let revision = format!("refs/pr/{}", request.num);
        let url = client.url(&format!("/api/models/{id}/commits/{}", escaped(&revision, "")));
        let commits: Vec<Commit> = client.json(&url, LARGEST, control)?;
        if commits.get(1).is_some_and(|parent| parent.id == main && is_hexadecimal(main, 40)) {
            return Ok(Some(revision));
        }
    }
    Ok(None)
}

impl Discussion {
    fn is_of_the_service(&self) -> bool {
        let author = self.author.as_ref().and_then(|author| author.name.as_deref());
        self.is_pull_request && self.status == "open" && self.title == TITLE && author == Some(ACCOUNT)
    }
}

//! A hub that sends next to nothing.

use std::time::{Duration, Instant};

use super::server::Answer;
use super::{User, WEIGHTS, misbehaving, published};

#[test]
fn a_hub_that_drips_is_asked_anew_and_a_slow_one_is_waited_for() {
    let repository = published();
    let server = misbehaving(&repository, |request, times, answer| match (request.is_for(WEIGHTS), times) {
        // Two hundred bytes a second.
        (true, 0) => Answer { trickle_after: Some(100_000), ..answer },
        // Two thousand, for longer than is looked at.
        (true, 1) => Answer { trickle_after: Some(answer.body.len() - 16_000), trickle: 10, ..answer },
        (false, 0) if request.is_for("config.json") => Answer { trickles_head: true, ..answer },
        _ => answer,
    });
    // The pace that is too slow is reckoned over six times this.
    let user = User::of(&server).with("HF_HUB_DOWNLOAD_TIMEOUT", 1);
    let began = Instant::now();
    let finished = user.pull().ended_with(0);
    user.assert_pulled(&repository);
    assert_eq!(finished.err.matches("less than 1 kB a second").count(), 1, "{}", finished.err);
    assert_eq!(server.asked_for(WEIGHTS).len(), 2, "the slow one was waited for");
    assert!(server.asked_for(WEIGHTS)[1].range().is_some_and(|from| from > 100_000), "it went on where it was");
    assert!(server.asked_for("config.json").len() > 1, "a head that drips is not waited for");
    assert!(began.elapsed() < Duration::from_secs(100), "{:?}", began.elapsed());
}

//! How much the line to the terminal takes, measured by its answers, and so how much may be on the way.
//!
//! Writing tells nothing of that: the system's buffer, ssh's window (2 MB) and the network's buffers take what is
//! written at once, and the answer to the next key waits behind all of it. What has arrived is known from the terminal
//! alone: after each writing it is asked for its state (`CSI 5 n`), which it answers when it comes to it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long what is on the way may keep the answer to a key.
const DELAY: Duration = Duration::from_millis(20);

/// How much goes before anything is known of the line.
const FIRST: usize = 8 << 10;

/// At least so much goes at a time.
const LEAST: usize = 1 << 10;

/// An amount that tells something of the speed, and one that tells enough to believe in a slower one.
const TELLING: usize = 1 << 10;
const CONVINCING: usize = 4 << 10;

/// An answer that comes later than this tells that the line is slower than was thought, though little was on the way.
const LATE: Duration = Duration::from_millis(100);

/// A terminal that answers as quickly as this is on the same machine, as long as nothing shows the contrary.
const NEAR: Duration = Duration::from_millis(5);
const SPEED_NEAR: f64 = 100e6;

/// Measurements are no finer than this.
const GRAIN: Duration = Duration::from_micros(500);

/// Goes beyond the speed that was measured, to find out whether there is more.
const PROBE: f64 = 1.25;

/// A slower speed is believed by this share at a time: a terminal may be busy for a moment.
const BELIEF: f64 = 0.3;

/// An answer that takes longer does not come any more.
const LOST: Duration = Duration::from_secs(5);

/// A writing.
#[derive(Debug, Clone, Copy)]
struct Sent {
    at: Instant,
    bytes: usize,
    /// Bytes that were thought to wait before the narrowest part of the line, these included.
    waiting: f64,
}

/// The line to the terminal.
#[derive(Debug, Default)]
pub(super) struct LineSpeed {
    /// Writings whose answers have not come.
    sent: VecDeque<Sent>,
    /// Bytes of those.
    on_the_way: usize,
    /// The shortest time from a writing to its answer.
    shortest: Option<Duration>,
    /// Bytes a second.
    speed: Option<f64>,
    /// When bytes were on the way for the first time after none were, and what has arrived of them.
    burst: Option<(Instant, usize)>,
    /// Bytes that are thought to wait before the narrowest part of the line, and when.
    waiting: Option<(Instant, f64)>,
    /// The terminal was never seen to answer, or is not asked.
    is_silent: bool,
    has_answered: bool,
}

impl LineSpeed {
    /// Nothing is asked of this line: it takes everything.
    pub(super) fn silence(&mut self) {
        *self = LineSpeed { is_silent: true, ..LineSpeed::default() };
    }

    /// Whether a writing is to end with a question.
    pub(super) fn asks(&self) -> bool {
        !self.is_silent
    }

    /// So many bytes were written, the question with them.
    pub(super) fn wrote(&mut self, bytes: usize, now: Instant) {
        if self.is_silent {
            return;
        }
        let waiting = self.waits(now) + bytes as f64;
        self.waiting = Some((now, waiting));
        self.burst.get_or_insert((now, 0));
        self.sent.push_back(Sent { at: now, bytes, waiting });
        self.on_the_way += bytes;
    }

    /// An answer came. Returns how long what it answers was on the way.
    pub(super) fn answered(&mut self, now: Instant) -> Option<Duration> {
        let Sent { at, bytes, waiting } = self.sent.pop_front()?;
        self.has_answered = true;
        self.on_the_way -= bytes;
        let took = now.duration_since(at);
        let shortest = self.shortest.map_or(took, |shortest| shortest.min(took));
        self.shortest = Some(shortest);
        if let Some((began, arrived)) = &mut self.burst {
            *arrived += bytes;
            let (arrived, time) = (*arrived, now.duration_since(*began));
            self.has_carried(arrived, time.saturating_sub(shortest));
        }
        self.has_held(waiting, took.saturating_sub(shortest));
        if self.sent.is_empty() {
            self.burst = None;
        }
        Some(took)
    }

    /// So many bytes have arrived in this time: the line is as fast as this at least.
    fn has_carried(&mut self, bytes: usize, time: Duration) {
        if bytes >= TELLING {
            let found = bytes as f64 / time.max(GRAIN).as_secs_f64();
            self.speed = Some(self.speed.map_or(found, |speed| speed.max(found)));
        }
    }

    /// The line took so long for bytes that waited: it may have become slower.
    fn has_held(&mut self, waiting: f64, time: Duration) {
        let is_telling = waiting >= CONVINCING as f64 || waiting >= TELLING as f64 && time > LATE;
        if let Some(speed) = self.speed.filter(|_| is_telling) {
            let found = waiting / time.max(GRAIN).as_secs_f64();
            self.speed = Some(speed + (found - speed).min(0.0) * BELIEF);
        }
    }

    /// Bytes a second, as far as is known.
    fn speed(&self) -> Option<f64> {
        let is_near = self.shortest.is_some_and(|shortest| shortest < NEAR);
        self.speed.or(is_near.then_some(SPEED_NEAR))
    }

    /// Bytes that wait before the narrowest part.
    fn waits(&self, now: Instant) -> f64 {
        let Some((at, bytes)) = self.waiting else { return 0.0 };
        let gone = self.speed().unwrap_or_default() * PROBE * now.duration_since(at).as_secs_f64();
        (bytes - gone).max(0.0)
    }

    /// How many more bytes may go now, so that the answer to a key waits for no more than a moment.
    pub(super) fn room(&self, now: Instant) -> usize {
        if self.is_silent {
            return usize::MAX;
        }
        let Some(speed) = self.speed() else { return FIRST.saturating_sub(self.on_the_way) };
        let way = self.shortest.unwrap_or_default() + DELAY;
        let most = (speed * way.as_secs_f64()) as usize;
        let at_once = ((speed * DELAY.as_secs_f64()) as usize).max(LEAST);
        let room = most.max(2 * LEAST).saturating_sub(self.on_the_way);
        let room = room.min(at_once.saturating_sub(self.waits(now) as usize));
        // Less is not worth a question.
        if room < LEAST { 0 } else { room }
    }

    /// How long from now there may be room again without an answer; none where only an answer makes room.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        let speed = self.speed()?;
        let at_once = (speed * DELAY.as_secs_f64()).max(LEAST as f64);
        let over = self.waits(now) + LEAST as f64 - at_once;
        let way = self.shortest.unwrap_or_default() + DELAY;
        let is_full = self.on_the_way + LEAST > ((speed * way.as_secs_f64()) as usize).max(2 * LEAST);
        (!is_full).then(|| Duration::from_secs_f64((over / (speed * PROBE)).clamp(0.001, 1.0)))
    }

    /// How long so many bytes take, beside the way itself. None of it where nothing is known.
    pub(super) fn time_for(&self, bytes: usize) -> Duration {
        match self.speed() {
            Some(speed) if !self.is_silent => Duration::from_secs_f64((bytes as f64 / speed).min(3600.0)),
            _ => Duration::ZERO,
        }
    }

    /// How long from now the oldest answer is waited for.
    pub(super) fn patience(&self, now: Instant) -> Option<Duration> {
        self.sent.front().map(|sent| LOST.saturating_sub(now.duration_since(sent.at)))
    }

    /// Gives up answers that do not come. A terminal that has never answered is not asked again.
    pub(super) fn give_up(&mut self, now: Instant) {
        if self.patience(now).is_some_and(|left| left.is_zero()) {
            tracing::info!("the terminal does not say what has arrived");
            let is_silent = !self.has_answered;
            *self = LineSpeed {
                is_silent,
                has_answered: self.has_answered,
                shortest: self.shortest,
                speed: self.speed,
                ..LineSpeed::default()
            };
        }
    }

    /// How many answers have not come.
    pub(super) fn unanswered(&self) -> usize {
        self.sent.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that takes so many bytes a second and answers after a way of so many milliseconds.
    struct Relay {
        speed: f64,
        way: Duration,
        /// When its narrowest part is free.
        free: Instant,
        /// When answers come back.
        answers: VecDeque<Instant>,
    }

    impl Relay {
        fn new(speed: f64, way: u64, now: Instant) -> Relay {
            Relay { speed, way: Duration::from_millis(way), free: now, answers: VecDeque::new() }
        }

        fn write(&mut self, bytes: usize, now: Instant) {
            self.free = self.free.max(now) + Duration::from_secs_f64(bytes as f64 / self.speed);
            self.answers.push_back(self.free + self.way);
        }
    }

    /// Sends a picture of so many bytes in slices after some lines of text. Returns how long it took, and the longest
    /// time for which a key's answer would have waited in the line.
    fn send(speed: f64, way: u64, bytes: usize) -> (Duration, Duration) {
        let began = Instant::now();
        let (mut now, mut line, mut relay) = (began, LineSpeed::default(), Relay::new(speed, way, began));
        for text in [60, 2000, 1500] {
            line.wrote(text, now);
            relay.write(text, now);
            now = relay.answers.pop_front().unwrap();
            line.answered(now);
        }
        let (start, mut left, mut longest) = (now, bytes, Duration::ZERO);
        while left > 0 || !relay.answers.is_empty() {
            while relay.answers.front().is_some_and(|at| *at <= now) {
                relay.answers.pop_front();
                line.answered(now);
            }
            let slice = line.room(now).min(left);
            if slice > 0 {
                left -= slice;
                line.wrote(slice, now);
                relay.write(slice, now);
                longest = longest.max(relay.free.saturating_duration_since(now));
            }
            now += Duration::from_millis(1);
        }
        (now - start, longest)
    }

    #[test]
    fn little_enough_is_on_the_way_and_the_line_is_used() {
        for (speed, way) in [(250e3, 50), (250e3, 5), (60e3, 100), (1e6, 30), (20e3, 50)] {
            let bytes = 180_000;
            let (took, longest) = send(speed, way, bytes);
            println!("{speed:.0} B/s, {way} ms: {took:?}, at most {longest:?} in the line");
            // A slow line cannot hold less than the least that is sent.
            let allowed = Duration::from_millis(45).max(Duration::from_secs_f64(3.0 * LEAST as f64 / speed));
            assert!(longest < allowed, "{speed} {way}: {longest:?}");
            let ideal = bytes as f64 / speed;
            assert!(took.as_secs_f64() < 2.0 * ideal + 0.5, "{speed} {way}: {took:?} for {ideal}");
        }
    }

    #[test]
    fn a_near_terminal_takes_everything_at_once() {
        let now = Instant::now();
        let mut line = LineSpeed::default();
        line.wrote(120, now);
        line.answered(now + Duration::from_millis(1));
        assert!(line.room(now + Duration::from_millis(1)) > 500_000);
        assert!(line.time_for(200_000) < Duration::from_millis(10));
    }

    #[test]
    fn a_terminal_that_never_answers_is_not_waited_for() {
        let now = Instant::now();
        let mut line = LineSpeed::default();
        line.wrote(20_000, now);
        assert_eq!((line.room(now), line.unanswered()), (0, 1));
        line.give_up(now + LOST / 2);
        assert_eq!(line.room(now), 0);
        line.give_up(now + LOST);
        assert_eq!((line.room(now), line.unanswered(), line.asks()), (usize::MAX, 0, false));
    }

    #[test]
    fn a_moment_in_which_the_terminal_was_busy_is_forgotten() {
        let mut now = Instant::now();
        let mut line = LineSpeed::default();
        let mut relay = Relay::new(250e3, 50, now);
        for round in 0..60 {
            // For a while every answer is late, as on a machine that has no time.
            let late = if (20..40).contains(&round) { 300 } else { 0 };
            let slice = line.room(now).clamp(1200, 8000);
            line.wrote(slice, now);
            relay.write(slice, now);
            now = relay.answers.pop_front().unwrap() + Duration::from_millis(late);
            line.answered(now);
        }
        let took = line.time_for(250_000).as_secs_f64();
        assert!((0.5..1.5).contains(&took), "{took}");
    }

    #[test]
    fn a_line_that_becomes_slower_is_noticed() {
        let mut now = Instant::now();
        let mut line = LineSpeed::default();
        let mut relay = Relay::new(5e6, 20, now);
        for round in 0..40 {
            relay.speed = if round < 20 { 5e6 } else { 100e3 };
            let slice = line.room(now).clamp(1, 8000);
            line.wrote(slice, now);
            relay.write(slice, now);
            now = relay.answers.pop_front().unwrap();
            line.answered(now);
        }
        let took = line.time_for(100_000).as_secs_f64();
        assert!((0.5..1.5).contains(&took), "{took}");
    }
}

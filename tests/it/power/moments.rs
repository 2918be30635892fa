//! Disks as a loss of power leaves them, at any moment of a record.

use super::disk::{Disk, SECTOR};
use super::rack::Event;
use crate::chance::{Chance, seed};

/// The part of the unflushed writes that is on the disk all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// All of it.
    All,
    /// Nothing.
    Flushed,
    /// Half of the writes, whichever, and of some of these half of the sectors.
    Some,
}

/// The power is lost after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) after: usize,
    pub(super) kept: Kept,
}

/// Disks as they were, all of it flushed, and what came to them since.
pub(super) struct Record {
    pub(super) disks: Vec<Disk>,
    pub(super) events: Vec<Event>,
}

impl Record {
    /// Every moment that leaves the disks as no other does, up to the end.
    pub(super) fn moments(&self) -> Vec<Moment> {
        let of = |(after, event): (usize, &Event)| -> &[Kept] {
            match event {
                Event::Write { .. } => &[Kept::All, Kept::Some],
                // The writes before it are there in any order, or all of them, by the moments of the writes.
                Event::Flush { disk } if self.changes(after, *disk) => &[Kept::Flushed],
                Event::Flush { .. } | Event::Zeros { .. } | Event::Mark(_) => &[],
            }
        };
        let each = self.events.iter().enumerate();
        each.flat_map(|(after, event)| of((after, event)).iter().map(move |kept| Moment { after, kept: *kept }))
            .collect()
    }

    /// True where something was written between a flush and the one before.
    fn changes(&self, flush: usize, disk: usize) -> bool {
        let before = self.events[..flush].iter().rev();
        let same = before.filter(|event| event.disk() == Some(disk));
        same.take(1).any(|event| !matches!(event, Event::Flush { .. }))
    }

    /// Where a mark is.
    pub(super) fn mark(&self, what: &str) -> Option<usize> {
        self.events.iter().position(|event| matches!(event, Event::Mark(found) if *found == what))
    }

    /// Calls `judge` with the disks of each of the moments, which are in order.
    pub(super) fn rebuild(&self, moments: &[Moment], mut judge: impl FnMut(Moment, Vec<Disk>)) {
        let mut now: Vec<Replayed<'_>> = self.disks.iter().map(Replayed::new).collect();
        let mut moments = moments.iter().copied().peekable();
        for (number, event) in self.events.iter().enumerate() {
            if let Some(disk) = event.disk() {
                now[disk].take(event);
            }
            while let Some(moment) = moments.next_if(|moment| moment.after == number) {
                let mut chance = Chance::new(seed() ^ ((number as u64) << 20));
                judge(moment, now.iter().map(|disk| disk.after_loss(moment.kept, &mut chance)).collect());
            }
        }
    }
}

impl Event {
    fn disk(&self) -> Option<usize> {
        match self {
            Event::Write { disk, .. } | Event::Zeros { disk, .. } | Event::Flush { disk } => Some(*disk),
            Event::Mark(_) => None,
        }
    }
}

/// A disk in the middle of a record.
struct Replayed<'e> {
    all: Disk,
    flushed: Disk,
    /// The writes since the last flush.
    rest: Vec<&'e Event>,
}

impl<'e> Replayed<'e> {
    fn new(disk: &Disk) -> Replayed<'e> {
        Replayed { all: disk.clone(), flushed: disk.clone(), rest: vec![] }
    }

    fn take(&mut self, event: &'e Event) {
        match event {
            Event::Flush { .. } => {
                self.flushed = self.all.clone();
                self.rest.clear();
            }
            event => {
                apply(event, &mut self.all, &mut |_| true);
                self.rest.push(event);
            }
        }
    }

    fn after_loss(&self, kept: Kept, chance: &mut Chance) -> Disk {
        match kept {
            Kept::All => self.all.clone(),
            Kept::Flushed => self.flushed.clone(),
            Kept::Some => {
                let mut disk = self.flushed.clone();
                for event in &self.rest {
                    if chance.once_in(2) {
                        let is_torn = chance.once_in(5);
                        apply(event, &mut disk, &mut |_| !is_torn || chance.once_in(2));
                    }
                }
                disk
            }
        }
    }
}

/// Writes the sectors that arrive.
fn apply(event: &Event, disk: &mut Disk, arrives: &mut dyn FnMut(usize) -> bool) {
    match event {
        Event::Write { offset, bytes, .. } => {
            for (number, sector) in bytes.chunks(SECTOR).enumerate() {
                if arrives(number) {
                    disk.write(offset + (number * SECTOR) as u64, sector);
                }
            }
        }
        Event::Zeros { offset, length, .. } => disk.write_zeros(*offset, *length),
        Event::Flush { .. } | Event::Mark(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(offset: u64, byte: u8) -> Event {
        Event::Write { disk: 0, offset, bytes: vec![byte; 2 * SECTOR] }
    }

    #[test]
    fn what_was_flushed_is_there_at_every_moment_after_it() {
        let events = vec![write(0, 1), Event::Flush { disk: 0 }, write(0, 2), write(4096, 3), Event::Mark("end")];
        let record = Record { disks: vec![Disk::new(1 << 20)], events };
        assert_eq!(record.mark("end"), Some(4));
        let mut seen = vec![];
        record.rebuild(&record.moments(), |moment, disks| {
            let disk = &disks[0];
            let (first, second) = (disk.read(0, 1024), disk.read(4096, 1024));
            assert!(moment.after < 1 || first.iter().all(|byte| *byte == 1 || *byte == 2));
            if moment.kept == Kept::Flushed {
                assert!(first.iter().all(|byte| *byte == 1) && second.iter().all(|byte| *byte == 0));
            }
            if moment == (Moment { after: 3, kept: Kept::All }) {
                assert!(first.iter().all(|byte| *byte == 2) && second.iter().all(|byte| *byte == 3));
            }
            seen.push((moment.after, moment.kept));
        });
        let (all, some) = (Kept::All, Kept::Some);
        assert_eq!(seen, [(0, all), (0, some), (1, Kept::Flushed), (2, all), (2, some), (3, all), (3, some)]);
    }
}

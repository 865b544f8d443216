//! What a disk holds after a power cut.
//!
//! What was written before a file's last sync is there. Of what came after, anything may be: each write, each
//! of its sectors, in any order, the last one in part. Bytes that nobody wrote to stay as they were, which
//! SQLite calls powersafe overwrite and assumes of every disk. Names that were made or removed since the folder
//! was last put on the disk may be there or not.

use crate::journal::Event;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

/// The files of a folder, by name.
pub type Image = BTreeMap<Box<str>, Vec<u8>>;

/// What of the unsynced survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// Nothing.
    Nothing,
    /// Everything, as after kill -9.
    Everything,
    /// The first of it up to some point, the last sector in part.
    Beginning,
    /// Some of the writes, each whole.
    Writes,
    /// Some of the sectors.
    Sectors,
    /// Some of the sectors, and the later may have been overwritten by the earlier.
    Shuffled,
}

impl Survival {
    /// All ways, those first in which nothing is left to chance.
    pub const ALL: [Self; 6] = [
        Self::Nothing,
        Self::Everything,
        Self::Beginning,
        Self::Writes,
        Self::Sectors,
        Self::Shuffled,
    ];
}

/// A folder on a disk, with what is on its way there.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    files: Vec<File>,
    /// Which file a name means: as the folder is on the disk, and each change since.
    names: BTreeMap<Box<str>, Vec<Option<usize>>>,
}

#[derive(Clone, Debug, Default)]
struct File {
    /// What those see who read while the power is on.
    seen: Vec<u8>,
    /// What is on the disk.
    durable: Vec<u8>,
    /// What is on its way.
    pending: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write { at: usize, bytes: Box<[u8]> },
    Resize(usize),
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Resize(length) => to.resize(*length, 0),
            Self::Write { at, bytes } => {
                let end = at + bytes.len();
                if to.len() < end {
                    to.resize(end, 0);
                }
                to[*at..end].copy_from_slice(bytes);
            }
        }
    }

    /// The same, sector by sector.
    fn sectors(&self) -> Vec<Self> {
        let Self::Write { at, bytes } = self else { return vec![self.clone()] };
        let mut pieces = Vec::new();
        let mut from = 0;
        while from < bytes.len() {
            let rest_of_sector = SECTOR_BYTES - (at + from) % SECTOR_BYTES;
            let until = bytes.len().min(from + rest_of_sector);
            pieces.push(Self::Write { at: at + from, bytes: bytes[from..until].into() });
            from = until;
        }
        pieces
    }

    fn torn(self, dice: &mut StdRng) -> Self {
        match self {
            Self::Write { at, bytes } => {
                let kept = dice.random_range(0..=bytes.len());
                Self::Write { at, bytes: bytes[..kept].into() }
            }
            resize @ Self::Resize(_) => resize,
        }
    }
}

impl Disk {
    /// A folder with these files, all of them on the disk.
    #[must_use]
    pub fn holding(image: &Image) -> Self {
        let mut disk = Self::default();
        for (name, bytes) in image {
            disk.names.insert(name.clone(), vec![Some(disk.files.len())]);
            let (seen, durable) = (bytes.clone(), bytes.clone());
            disk.files.push(File { seen, durable, pending: Vec::new() });
        }
        disk
    }

    /// Takes in what happened next.
    ///
    /// # Panics
    /// Where a file is used that was not made.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Create { file } => {
                self.files.push(File::default());
                let made = Some(self.files.len() - 1);
                self.names.entry(file.clone()).or_insert_with(|| vec![None]).push(made);
            }
            Event::Write { file, at, bytes } => {
                let at = usize::try_from(*at).expect("files of tests are small");
                self.file(file).change(Change::Write { at, bytes: bytes.clone() });
            }
            Event::Resize { file, length } => {
                let length = usize::try_from(*length).expect("files of tests are small");
                self.file(file).change(Change::Resize(length));
            }
            Event::Sync { file, with_folder } => {
                self.file(file).sync();
                if *with_folder {
                    self.sync_folder();
                }
            }
            Event::SyncFailed { file } => self.file(file).strand(),
            Event::SyncFolder => self.sync_folder(),
            Event::Delete { file, with_folder } => {
                self.names.get_mut(file).expect("it was made").push(None);
                if *with_folder {
                    self.sync_folder();
                }
            }
        }
    }

    fn file(&mut self, name: &str) -> &mut File {
        let newest = self.names.get(name).and_then(|files| *files.last()?);
        &mut self.files[newest.unwrap_or_else(|| panic!("`{name}` was not made"))]
    }

    fn sync_folder(&mut self) {
        self.names.values_mut().for_each(|files| drop(files.drain(..files.len() - 1)));
    }

    /// What is there for those who read while the power is on.
    #[must_use]
    pub fn seen(&self) -> Image {
        self.image(|files| files[files.len() - 1], |file| file.seen.clone())
    }

    /// What could be there after a power cut now. The same seed means the same.
    #[must_use]
    pub fn after_power_cut(&self, survival: Survival, seed: u64) -> Image {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut names = StdRng::seed_from_u64(dice.random());
        let named = |files: &Vec<Option<usize>>| match survival {
            Survival::Nothing => files[0],
            Survival::Everything => files[files.len() - 1],
            _ => files[names.random_range(0..files.len())],
        };
        self.image(named, |file| file.surviving(survival, &mut dice))
    }

    fn image(
        &self,
        mut named: impl FnMut(&Vec<Option<usize>>) -> Option<usize>,
        mut content: impl FnMut(&File) -> Vec<u8>,
    ) -> Image {
        let mut image = Image::new();
        for (name, files) in &self.names {
            if let Some(file) = named(files) {
                image.insert(name.clone(), content(&self.files[file]));
            }
        }
        image
    }
}

impl File {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.pending.push(change);
    }

    /// What is on its way arrives.
    fn sync(&mut self) {
        for change in self.pending.drain(..) {
            change.apply(&mut self.durable);
        }
    }

    /// A part of what is on its way arrives; the rest never does, unless it is written again.
    fn strand(&mut self) {
        let mut dice = StdRng::seed_from_u64(self.pending.len() as u64);
        let arrived = self.survivors(Survival::Sectors, &mut dice);
        self.pending.clear();
        arrived.iter().for_each(|change| change.apply(&mut self.durable));
    }

    fn surviving(&self, survival: Survival, dice: &mut StdRng) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        self.survivors(survival, dice).iter().for_each(|change| change.apply(&mut bytes));
        bytes
    }

    fn survivors(&self, survival: Survival, dice: &mut StdRng) -> Vec<Change> {
        let sectors = || self.pending.iter().flat_map(Change::sectors);
        // Seldom, often, or something between: a coin alone would nearly never spare a whole page.
        let share = [0.02, 0.5, 0.98][dice.random_range(0..3)];
        match survival {
            Survival::Nothing => Vec::new(),
            Survival::Everything => self.pending.clone(),
            Survival::Writes => {
                self.pending.iter().filter(|_| dice.random_bool(share)).cloned().collect()
            }
            Survival::Sectors => sectors().filter(|_| dice.random_bool(share)).collect(),
            Survival::Beginning => {
                let mut kept: Vec<Change> = sectors().collect();
                kept.truncate(dice.random_range(0..=kept.len()));
                if let Some(last) = kept.pop() {
                    kept.push(last.torn(dice));
                }
                kept
            }
            Survival::Shuffled => {
                let mut kept: Vec<Change> = sectors().filter(|_| dice.random_bool(share)).collect();
                kept.shuffle(dice);
                kept
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(file: &str) -> Event {
        Event::Create { file: file.into() }
    }

    fn write(file: &str, at: u64, byte: u8, length: usize) -> Event {
        Event::Write { file: file.into(), at, bytes: vec![byte; length].into() }
    }

    fn sync(file: &str) -> Event {
        Event::Sync { file: file.into(), with_folder: false }
    }

    fn disk(events: &[Event]) -> Disk {
        let mut disk = Disk::default();
        events.iter().for_each(|event| disk.apply(event));
        disk
    }

    fn of(survival: Survival, disk: &Disk) -> Vec<Option<Vec<u8>>> {
        (0..200).map(|seed| disk.after_power_cut(survival, seed).remove("a")).collect()
    }

    #[test]
    fn what_is_synced_is_there_and_the_rest_may_be() {
        let disk = disk(&[
            create("a"),
            Event::SyncFolder,
            write("a", 0, 1, 1024),
            sync("a"),
            write("a", 512, 2, 1024),
        ]);
        let [before, after] = [vec![1; 1024], [vec![1; 512], vec![2; 1024]].concat()];
        assert!(of(Survival::Nothing, &disk).iter().all(|a| a.as_ref() == Some(&before)));
        assert!(of(Survival::Everything, &disk).iter().all(|a| a.as_ref() == Some(&after)));
        let sectors = of(Survival::Sectors, &disk);
        let second_alone = [vec![1; 1024], vec![2; 512]].concat();
        for wanted in [&before, &after, &second_alone] {
            assert!(sectors.iter().any(|a| a.as_ref() == Some(wanted)));
        }
        let whole = of(Survival::Writes, &disk);
        assert!(whole.iter().flatten().all(|a| [&before, &after].contains(&a)));
        let torn = of(Survival::Beginning, &disk);
        assert!(torn.iter().flatten().any(|a| a.len() % 512 != 0));
    }

    #[test]
    fn a_name_is_there_for_certain_once_the_folder_is_synced() {
        let mut disk = disk(&[create("a"), write("a", 0, 1, 512), sync("a")]);
        assert!(of(Survival::Nothing, &disk).iter().all(Option::is_none));
        let chance = of(Survival::Writes, &disk);
        assert!(chance.iter().any(Option::is_none) && chance.iter().any(Option::is_some));
        disk.apply(&Event::SyncFolder);
        assert!(of(Survival::Writes, &disk).iter().all(|a| *a == Some(vec![1; 512])));
        disk.apply(&Event::Delete { file: "a".into(), with_folder: false });
        let chance = of(Survival::Writes, &disk);
        assert!(chance.iter().any(Option::is_none) && chance.iter().any(Option::is_some));
        disk.apply(&create("a"));
        disk.apply(&Event::SyncFolder);
        assert!(of(Survival::Nothing, &disk).iter().all(|a| *a == Some(Vec::new())));
    }

    #[test]
    fn what_a_failed_sync_dropped_is_seen_and_never_arrives() {
        let failed = Event::SyncFailed { file: "a".into() };
        let disk =
            disk(&[create("a"), Event::SyncFolder, write("a", 0, 1, 8192), failed, sync("a")]);
        assert_eq!(disk.seen().remove("a"), Some(vec![1; 8192]));
        let arrived = disk.after_power_cut(Survival::Everything, 0).remove("a");
        assert_ne!(arrived, Some(vec![1; 8192]));
    }

    #[test]
    fn the_same_seed_means_the_same() {
        let disk = disk(&[create("a"), write("a", 0, 1, 9000), write("a", 3000, 2, 9000)]);
        for survival in Survival::ALL {
            assert_eq!(disk.after_power_cut(survival, 7), disk.after_power_cut(survival, 7));
        }
    }
}

//! The cache over its whole life: kept, tidied, taken over, damaged, removed.

use super::*;

fn remembered(seed: usize) -> CachedEmbedding {
    let embedding = (0..512).map(|place| f16::from_f32((place * 31 + seed) as f32 / 1000.0)).collect();
    CachedEmbedding { embedding, is_whole: seed.is_multiple_of(2), decoder: "jpeg 3".to_owned() }
}

fn hash(seed: usize) -> ContentHash {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    ContentHash(bytes)
}

/// A cache of so many embeddings of one model.
fn filled(folder: &Path, count: usize) -> (EmbeddingCache, CachedModel) {
    let mut cache = EmbeddingCache::open(folder).unwrap();
    let model = cache.model(&[1; 32]).unwrap();
    let fresh: Vec<_> = (0..count).map(|seed| (hash(seed), remembered(seed))).collect();
    cache.put(model, &fresh, &[]).unwrap();
    (cache, model)
}

#[test]
fn embeddings_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let mut cache = EmbeddingCache::open(folder.path()).unwrap();
    let (one, other) = (cache.model(&[1; 32]).unwrap(), cache.model(&[2; 32]).unwrap());
    cache.put(one, &[(hash(1), remembered(1)), (hash(2), remembered(2))], &[]).unwrap();
    drop(cache);
    let mut cache = EmbeddingCache::open(folder.path()).unwrap();
    assert_eq!(cache.model(&[1; 32]).unwrap(), one);
    assert_eq!(cache.embedding(one, hash(1)).unwrap(), Some(remembered(1)));
    assert_eq!(cache.embedding(one, hash(2)).unwrap(), Some(remembered(2)));
    assert_eq!(cache.embedding(other, hash(1)).unwrap(), None);
    let mut found = Vec::new();
    cache.embeddings(one, &[hash(2), hash(3), hash(1), hash(2)], |at, of| found.push((at, of))).unwrap();
    found.sort_by_key(|(position, _)| *position);
    assert_eq!(found, [(0, remembered(2)), (2, remembered(1)), (3, remembered(2))]);
}

#[test]
fn it_stays_under_its_limit_and_drops_what_was_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let (mut cache, model) = filled(folder.path(), 10_000);
    cache.connection.execute("UPDATE embeddings SET used = used - 9", []).unwrap();
    let used: Vec<_> = (9_000..10_000).map(hash).collect();
    cache.put(model, &[], &used).unwrap();
    let limit = 8 << 20;
    assert!(cache.tidy(limit).unwrap() > 0);
    assert!(std::fs::metadata(folder.path().join(DATABASE)).unwrap().len() <= limit);
    assert!(used.iter().all(|hash| cache.embedding(model, *hash).unwrap().is_some()));
    assert_eq!(cache.tidy(limit).unwrap(), 0);
}

#[test]
fn a_cache_of_an_earlier_version_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let former = Kind { migrations: &[VERSION_1], ..CACHE };
    let connection = database::open(&folder.path().join(DATABASE), &former).unwrap();
    connection.execute("INSERT INTO models VALUES (7, ?1)", [[1; 32]]).unwrap();
    connection.execute("INSERT INTO files VALUES (x'00', 1, 2, 3, '4', x'00')", []).unwrap();
    let row = (7, hash(1).0, false, today(), to_bytes(&remembered(1).embedding));
    connection.execute("INSERT INTO embeddings VALUES (?1, ?2, ?3, ?4, ?5)", row).unwrap();
    drop(connection);
    let mut cache = EmbeddingCache::open(folder.path()).unwrap();
    let model = cache.model(&[1; 32]).unwrap();
    // Which decoder it was made with is not known.
    let untold = CachedEmbedding { decoder: String::new(), ..remembered(1) };
    assert_eq!(cache.embedding(model, hash(1)).unwrap(), Some(untold));
    let hashes: i64 = cache.connection.query_row("SELECT count(*) FROM files", [], |row| row.get(0)).unwrap();
    assert_eq!(hashes, 0, "large files are hashed in another way now");
}

/// The cache that the version before wrote, with what it says of itself.
#[test]
fn the_cache_of_version_five_is_taken_over_with_its_embeddings() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden/before/home/cache/sis").join(DATABASE);
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(golden, folder.path().join(DATABASE)).unwrap();
    let former = Connection::open(folder.path().join(DATABASE)).unwrap();
    let version: i64 = former.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let kept = |connection: &Connection| -> Vec<(Vec<u8>, Vec<u8>, bool)> {
        let mut rows = connection.prepare("SELECT hash, embedding, is_whole FROM embeddings ORDER BY hash").unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    let before = kept(&former);
    assert!(version <= 5 && !before.is_empty(), "version {version}, {} embeddings", before.len());
    drop(former);
    let mut cache = EmbeddingCache::open(folder.path()).unwrap();
    assert_eq!(kept(&cache.connection), before);
    // How its pictures look is not known, and can be kept from now on.
    let content = ContentHash(before[0].0.clone().try_into().unwrap());
    assert_eq!(cache.perceptual_hashes(&[content]).unwrap(), [None]);
    let look = crate::domain::perceptual_hash::PerceptualHash::of(1, 1, &[1, 2, 3]).unwrap();
    cache.put_perceptual_hashes(&[(content, look)]).unwrap();
    assert_eq!(cache.perceptual_hashes(&[content]).unwrap(), [Some(look)]);
}

#[test]
fn a_perceptual_hash_goes_with_its_embedding() {
    let folder = tempfile::tempdir().unwrap();
    let (mut cache, model) = filled(folder.path(), 10_000);
    let look = crate::domain::perceptual_hash::PerceptualHash::of(1, 1, &[1, 2, 3]).unwrap();
    let all: Vec<_> = (0..10_000).map(|seed| (hash(seed), look)).collect();
    cache.put_perceptual_hashes(&all).unwrap();
    cache.connection.execute("UPDATE embeddings SET used = used - 9", []).unwrap();
    cache.put(model, &[], &(9_000..10_000).map(hash).collect::<Vec<_>>()).unwrap();
    assert!(cache.tidy(8 << 20).unwrap() > 0);
    let hashes: Vec<_> = (0..10_000).map(hash).collect();
    for (hash, kept) in hashes.iter().zip(cache.perceptual_hashes(&hashes).unwrap()) {
        assert_eq!(kept.is_some(), cache.embedding(model, *hash).unwrap().is_some());
    }
}

#[test]
fn two_at_once_and_a_damaged_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = EmbeddingCache::open(folder.path()).unwrap();
    let mut second = EmbeddingCache::open(folder.path()).unwrap();
    let (one, two) = (first.model(&[1; 32]).unwrap(), second.model(&[1; 32]).unwrap());
    for seed in 0..50 {
        first.put(one, &[(hash(seed), remembered(seed))], &[]).unwrap();
        second.put(two, &[(hash(seed), remembered(seed))], &[]).unwrap();
    }
    assert_eq!(second.embedding(one, hash(49)).unwrap(), Some(remembered(49)));
    drop((first, second));
    std::fs::write(folder.path().join(DATABASE), vec![7; 9000]).unwrap();
    let cache = EmbeddingCache::open(folder.path()).unwrap();
    assert_eq!(cache.embedding(one, hash(49)).unwrap(), None);
    assert!(clear(folder.path()).unwrap() > 0);
    assert_eq!(clear(folder.path()).unwrap(), 0);
}

#[test]
fn who_has_a_removed_cache_open_leaves_the_next_one_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut removed = EmbeddingCache::open(folder.path()).unwrap();
    let model = removed.model(&[1; 32]).unwrap();
    removed.put(model, &[(hash(1), remembered(1))], &[]).unwrap();
    clear(folder.path()).unwrap();
    let mut next = EmbeddingCache::open(folder.path()).unwrap();
    let model = next.model(&[2; 32]).unwrap();
    next.put(model, &[(hash(2), remembered(2))], &[]).unwrap();
    drop(removed);
    let third = EmbeddingCache::open(folder.path()).unwrap();
    assert_eq!(third.embedding(model, hash(2)).unwrap(), Some(remembered(2)));
}

#[test]
fn one_that_is_damaged_behind_its_head_is_begun_anew_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, model) = filled(folder.path(), 5_000);
    drop(cache);
    let path = folder.path().join(DATABASE);
    let mut bytes = std::fs::read(&path).unwrap();
    // The first page is its head, and the next ones hold the schema and the models.
    bytes[10 * 4096..].fill(0x55);
    std::fs::write(&path, bytes).unwrap();
    let damaged = EmbeddingCache::open(folder.path()).unwrap();
    assert!((0..5_000).any(|seed| damaged.embedding(model, hash(seed)).is_err()));
    let mut anew = EmbeddingCache::open(folder.path()).unwrap();
    let model = anew.model(&[1; 32]).unwrap();
    assert_eq!(anew.embedding(model, hash(7)).unwrap(), None);
    anew.put(model, &[(hash(7), remembered(7))], &[]).unwrap();
    // The damaged one removes it once, not again, and leaves the other's log alone when it is closed.
    assert!((0..5_000).any(|seed| damaged.embedding(model, hash(seed)).is_err()));
    drop(damaged);
    anew.put(model, &[(hash(8), remembered(8))], &[]).unwrap();
    assert_eq!(EmbeddingCache::open(folder.path()).unwrap().embedding(model, hash(7)).unwrap(), Some(remembered(7)));
    drop(anew);
    let again = EmbeddingCache::open(folder.path()).unwrap();
    assert_eq!(again.embedding(model, hash(8)).unwrap(), Some(remembered(8)));
}

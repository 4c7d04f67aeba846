//! How much the latency of a bucket costs an export: 2,000 small objects, each answer 200 ms late. Prints the times, since
//! machines differ; that it is at least ten times as fast as one object at a time holds on all of them.

#[path = "../tests/it/bucket/lab.rs"]
mod lab;

use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lab::{Lab, nobody};
use sheaf_registry::Registry;
use sheaf_registry::file_store::FileStore as _;
use sheaf_registry::progress::Unobserved;
use sheaf_sources::bucket::BucketStore;

const OBJECTS: u64 = 2000;
const BYTES: u64 = 20_000;
/// Objects that are asked for one at a time: enough to know what one takes.
const ALONE: u32 = 50;

fn main() {
    let lab = Lab::new(None);
    let content = vec![7; usize::try_from(BYTES).expect("small")];
    (0..OBJECTS).for_each(|at| lab.put(&format!("raw/{at}.bin"), &content));
    let registry = lab.registry((0..OBJECTS).map(|at| (format!("raw/{at}.bin"), BYTES)));
    lab.server.delay(Duration::from_millis(200));

    let roots = Registry::open(&registry).and_then(|registry| registry.data_roots()).expect("a registry");
    let store = BucketStore::open(&roots, &nobody()).expect("an address").expect("a bucket");
    let start = Instant::now();
    for at in 0..ALONE {
        let path = format!("raw/{at}.bin");
        store.stat(roots[0].id, &path).expect("it is there");
        let mut file = store.open(roots[0].id, &path, 0).expect("it opens");
        assert_eq!(file.read_to_end(&mut Vec::new()).expect("its bytes") as u64, BYTES, "whole");
    }
    let alone = start.elapsed().as_secs_f64() / f64::from(ALONE);
    drop(store);

    let start = Instant::now();
    let part = lab.export(&registry, Arc::new(Unobserved));
    let together = start.elapsed().as_secs_f64();
    assert_eq!(part.files, OBJECTS, "all of them");
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let expected = alone * OBJECTS as f64;
    println!("one at a time: {:.0} ms an object, so {expected:.0} s for {OBJECTS}", alone * 1000.0);
    println!("planned, copied and verified: {together:.1} s, {:.0} times as fast", expected / together);
    assert!(expected > 10.0 * together, "latency must not set the speed");
}

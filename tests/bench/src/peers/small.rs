//! Small tasks, a message each: what every system takes for ten thousand that do nothing.

use crate::dispatched::{self, TASKS};
use crate::figures::percentile;
use crate::scratch::Scratch;
use crate::{Setting, seconds};

use super::peer::Peer;
use super::redis::Redis;

/// Runs all systems in turns, and prints how many tasks a second each does; the first turn warms everything up.
pub(super) fn measure(setting: &Setting, redis: Option<&Redis>) {
    let scratch = Scratch::new(&setting.server, 4);
    dispatched::declare(&scratch.url);
    let mut peers = Peer::all(redis, &scratch.url);
    let mut systems: Vec<(String, Vec<f64>)> = Vec::new();
    let mut note =
        |system: String, seconds: f64| match systems.iter_mut().find(|(name, _)| *name == system) {
            Some((_, times)) => times.push(seconds),
            None => systems.push((system, vec![])),
        };
    for _ in 0..=setting.rounds {
        note(
            "plain rows, three commits a thousand".to_owned(),
            seconds(|| dispatched::floor(&scratch.url)),
        );
        note(
            "ours, lists, claims of 100".to_owned(),
            seconds(|| dispatched::by_lists(&scratch.url)),
        );
        note(
            "ours, one by one".to_owned(),
            seconds(|| dispatched::one_by_one(&scratch.url)),
        );
        for peer in &mut peers {
            for fsync in peer.fsyncs() {
                if let Some((redis, fsync)) = redis.zip(*fsync) {
                    redis.set_fsync(fsync);
                }
                note(peer.label(*fsync), peer.run_small(TASKS));
            }
        }
    }
    println!("{TASKS} small tasks, a message each, two workers: tasks/s: median [least-most]");
    for (system, times) in &systems {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let [most, middle, least] =
            [0.0, 0.5, 1.0].map(|share| TASKS as f64 / percentile(times, share));
        println!("{system:<40} {middle:>8.0} [{least:.0}-{most:.0}]");
    }
}

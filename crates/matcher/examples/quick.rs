#![allow(missing_docs, clippy::unwrap_used)]
use annona_iris::IrisTemplate;
use annona_matcher::*;
use std::time::Instant;
fn eye(seed: &mut u64) -> IrisTemplate {
    let mut next = || { *seed ^= *seed << 13; *seed ^= *seed >> 7; *seed ^= *seed << 17; *seed };
    let mut code = [0u64; 200];
    for g in 0..50 { let w = next(); for k in 0..4 { 
        let mut x = 0u64; for b in 0..64 { x |= (w >> (b / 5) & 1) << b; } code[4*g+k] = x; } }
    let top = next() % 60; 
    let mask = std::array::from_fn(|k| if (k as u64 + next()%3) % 200 < top + 10 { 0x00ff_00ff } else { u32::MAX });
    IrisTemplate::from_columns(code, mask)
}
fn cpu() -> f64 { let s = std::fs::read_to_string("/proc/self/stat").unwrap(); let f: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect(); (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap())/100.0 }
fn main() {
    let mut seed = 88172645463325252u64;
    let people: usize = std::env::args().nth(1).map_or(128, |a| a.parse().unwrap());
    let mut g = Gallery::new();
    for k in 1..=people as u64 { let e = EyePair { left: eye(&mut seed), right: eye(&mut seed) }; g.push(k, &e).unwrap(); }
    let probe = EyePair { left: eye(&mut seed), right: eye(&mut seed) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let snap = g.snapshot();
    for i in Instructions::ALL { if !i.are_available() { continue; }
        let mut best = 0f64; 
        for _ in 0..3 {
        let (t, c) = (Instant::now(), cpu()); let mut pairs = 0usize; let mut s = 0;
        while t.elapsed().as_secs_f64() < 1.0 { let f = pool.install(|| snap.search_many(std::slice::from_ref(&probe), 385_000, i)); s += f[0].similar + f[0].incomparable; pairs += people * 8; }
        let rate = pairs as f64 / (cpu() - c) / 1e6; best = best.max(rate);
        println!("{} {:.3} M/s per cpu-s; wall {:.3} hits {s}", i.name(), rate, pairs as f64 / t.elapsed().as_secs_f64() / 1e6);
        }
    }
}

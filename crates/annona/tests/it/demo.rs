use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::interop::verify_with_npm;
use crate::world::{ANNONA, annona};

#[test]
fn the_first_payment_comes_out_as_told() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "demo",
        "--people",
        "3",
        "--seed",
        "1",
        "--json",
        "figures.json",
        "--artifacts",
        "kept",
    ];
    let output = annona(folder.path(), &arguments);
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let text = std::fs::read_to_string(folder.path().join("figures.json")).unwrap();
    let figures: Value = serde_json::from_str(&text).unwrap();
    for (name, expected) in [
        ("people", 3),
        ("enrolled", 3),
        ("duplicates_offered", 3),
        ("duplicates_refused", 3),
        ("bad_images_offered", 2),
        ("bad_images_refused", 2),
        ("attacks_offered", 3),
        ("attacks_refused", 3),
        ("epochs", 2),
        ("claims_paid", 6),
        ("recovered", 1),
        ("claims_refused", 5),
        ("balances_right", 3),
    ] {
        assert_eq!(figures[name], expected, "{name}: {figures}");
    }
    assert_eq!(figures["audit"]["failed"], 0);
    assert!(
        figures["audit"]["passed"].as_u64().unwrap() >= 10,
        "{figures}"
    );
    assert!(
        figures["gas"]["claim"].as_u64().unwrap() > 200_000,
        "{figures}"
    );
    assert!(figures["seconds"]["total"].as_f64().unwrap() > 0.0);

    let kept = folder.path().join("kept");
    let claims: Vec<PathBuf> = std::fs::read_dir(kept.join("claims"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(verify_with_npm(&claims)["accepted"], 6);
    let eyes = std::fs::read_dir(kept.join("eyes")).unwrap().count();
    assert_eq!(eyes, 3 * 2 * 2, "an image and a template of each eye");
    assert!(kept.join("deployment.json").is_file());
}

/// Processes of a group that have not ended.
#[cfg(target_os = "linux")]
fn alive_in_group(group: u32) -> Vec<String> {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok())
        .filter(|stat| {
            // pid (command) state ppid pgrp ...; the command may hold spaces.
            let Some((_, fields)) = stat.rsplit_once(')') else {
                return false;
            };
            let fields: Vec<&str> = fields.split_whitespace().collect();
            fields[0] != "Z" && fields[2] == group.to_string()
        })
        .collect()
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_leaves_no_process_behind() {
    let mut demo = Command::new(ANNONA)
        .args(["demo", "--people", "3"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let group = demo.id();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let reached = lines.any(|line| line.unwrap().contains("== enrolment"));
    assert!(reached, "the demo came to its second chapter");
    assert!(
        alive_in_group(group).len() >= 3,
        "demo, chain and service run"
    );
    // Only the demo itself is told, so that it must end the others.
    let told = Command::new("kill")
        .args(["-INT", &group.to_string()])
        .status()
        .unwrap();
    assert!(told.success());
    let status = demo.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    assert_eq!(alive_in_group(group), Vec::<String>::new());
}

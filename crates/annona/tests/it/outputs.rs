//! No output option of any command writes over a file that was made for something else.

use std::collections::BTreeMap;
use std::path::Path;

use annona_bindings::Deployment;
use annona_client::Wallet;
use annona_core::Address;

use crate::world::annona;

/// The commands with files that they write, `OUT` in their place. Each fails for another
/// reason when the file is refused too late, such as an endpoint that is away.
const OPTIONS: &[&[&str]] = &[
    &["citizen", "new", "--wallet", "OUT"],
    &[
        "citizen",
        "visit",
        "--wallet",
        "own.json",
        "--deployment",
        "deployment.json",
        "--secret",
        "OUT",
    ],
    &[
        "citizen",
        "package",
        "--secret",
        "visit.secret",
        "--service",
        AWAY,
        "--out",
        "OUT",
    ],
    &[
        "citizen",
        "claim",
        "--wallet",
        "own.json",
        "--deployment",
        "deployment.json",
        "--recipient",
        RECIPIENT,
        "--rpc-url",
        AWAY,
        "--receipt",
        "OUT",
    ],
    &[
        "deploy",
        "--rpc-url",
        AWAY,
        "--key-file",
        "own.key",
        "--plan",
        "plan.toml",
        "--out",
        "OUT",
    ],
    &[
        "registry",
        "rebuild",
        "--rpc-url",
        AWAY,
        "--deployment",
        "deployment.json",
        "--out",
        "OUT",
    ],
    &[
        "orb",
        "calibrate",
        "--people",
        "1",
        "--captures",
        "1",
        "--json",
        "OUT",
    ],
    &[
        "orb",
        "calibrate",
        "--people",
        "1",
        "--captures",
        "1",
        "--plot",
        "OUT",
    ],
    &[
        "orb", "trial", "--people", "1", "--frames", "1", "--json", "OUT",
    ],
    &[
        "orb", "attacks", "--people", "1", "--only", "living", "--json", "OUT",
    ],
    &["iris", "encode", "eye.png", "--out", "OUT"],
    &["iris", "encode", "eye.png", "--overlay", "OUT"],
    &["iris", "evaluate", "manifest.csv", "--json", "OUT"],
    &["iris", "evaluate", "manifest.csv", "--scores", "OUT"],
    &["iris", "evaluate", "manifest.csv", "--plot", "OUT"],
    &["iris", "evaluate", "manifest.csv", "--suspects", "OUT"],
    &["iris", "evaluate", "manifest.csv", "--worst", "OUT", "1"],
    &["iris", "evaluate", "manifest.csv", "--worst", "FOLDER", "1"],
    &["keys", "export", "append-16", "--out", "OUT"],
    &[
        "keys",
        "export",
        "append-16",
        "--out",
        "new.r1cs",
        "--witness",
        "OUT",
    ],
    &[
        "relay",
        "bench",
        "--claims",
        "1",
        "--keys",
        "circuit-keys",
        "--json",
        "OUT",
    ],
    &[
        "zkml",
        "prove",
        "--image",
        "eye.png",
        "--eye",
        "left",
        "--keys",
        "circuit-keys",
        "--package",
        "OUT",
        "--out",
        "new.proof",
    ],
    &[
        "zkml",
        "prove",
        "--image",
        "eye.png",
        "--eye",
        "left",
        "--keys",
        "circuit-keys",
        "--package",
        "new.package",
        "--out",
        "OUT",
    ],
    &["zkml", "score", "set", "eye.png", "--out", "OUT"],
    &[
        "zkml",
        "score",
        "bank",
        "bank.json",
        "--set-commitment",
        COMMITMENT,
        "--out",
        "OUT",
    ],
    &[
        "zkml",
        "score",
        "prove",
        "--set",
        "new.set",
        "--bank",
        "new.bank",
        "--false-matches",
        "1",
        "--false-non-matches",
        "1",
        "--keys",
        "circuit-keys",
        "--out",
        "OUT",
    ],
    &[
        "zkml",
        "recapture",
        "prove",
        "--enrolled",
        "home",
        "--fresh",
        "again",
        "--keys",
        "circuit-keys",
        "--out",
        "OUT",
    ],
    &["demo", "--people", "3", "--json", "OUT"],
    &["demo", "--people", "3", "--artifacts", "FOLDER"],
];

/// An endpoint that no command gets as far as asking, or that is away.
const AWAY: &str = "http://127.0.0.1:9";
const RECIPIENT: &str = "0x00000000000000000000000000000000000000aa";
const COMMITMENT: &str = "0x0000000000000000000000000000000000000000000000000000000000000001";

/// Everything in a folder, byte for byte.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let items = std::fs::read_dir(folder).unwrap();
    let files = items
        .map(|item| item.unwrap().path())
        .filter(|path| path.is_file());
    files
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                std::fs::read(&path).unwrap(),
            )
        })
        .collect()
}

/// A folder with the files that a person would miss most.
fn furnish(folder: &Path) {
    let wallet = |name: &str| Wallet::create(&folder.join(name), &mut rand::rng()).unwrap();
    wallet("own.json");
    wallet("wallet.json");
    wallet("x.leaf");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let address = Address::repeat_byte(0x11);
    let deployment = Deployment {
        chain_id: 1,
        deployment_block: 0,
        registry: address,
        distributor: address,
        orb_registry: address,
        token: address,
        income_source: address,
        verifier: address,
        append_verifiers: [address; 3],
        revoke_verifiers: [address; 2],
        timelock: address,
        receipt_signer: address,
    };
    deployment.save(&folder.join("deployment.json")).unwrap();
    let receipt = r#"{"nullifierHash": "0x01", "epoch": 1, "deadline": 2, "signature": "0x"}"#;
    write("receipt.json", receipt);
    write("secret.key", &"7".repeat(64));
    write("own.key", &"7".repeat(64));
    write("notes.txt", "mine\n");
    write(
        "manifest.csv",
        "path,subject,eye,sample\neye.png,1,left,1\n",
    );
    write(
        "plan.toml",
        include_str!("../../../../deploy/plan.sample.toml"),
    );
    let eye = image::GrayImage::from_pixel(32, 24, image::Luma([90]));
    eye.save(folder.join("eye.png")).unwrap();
    for name in ["own.key", "secret.key"] {
        use std::os::unix::fs::PermissionsExt;
        let owner_only = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(folder.join(name), owner_only).unwrap();
    }
}

#[test]
fn no_output_is_written_over_a_file_that_was_made_for_something_else() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let before = contents(folder.path());
    for option in OPTIONS {
        for victim in before.keys() {
            let at = |word: &str| match word {
                "OUT" => victim.clone(),
                "FOLDER" => ".".to_owned(),
                other => other.to_owned(),
            };
            let arguments: Vec<String> = option.iter().map(|word| at(word)).collect();
            let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let output = annona(folder.path(), &words);
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{words:?}");
            // Whether a receipt is of the same claim shows only when that is made.
            let is_later = option.contains(&"--receipt") && victim == "receipt.json";
            assert!(
                error.contains(victim.as_str()) || option.contains(&"FOLDER") || is_later,
                "{words:?} does not name the file: {error}"
            );
            assert!(
                contents(folder.path()) == before,
                "{words:?} changed a file"
            );
        }
    }
}

/// The table above has every option that names a file or folder to be written.
#[test]
fn each_option_that_writes_is_in_the_table() {
    let is_known = |command: &[&str], option: &str| {
        OPTIONS
            .iter()
            .any(|known| known.starts_with(command) && known.contains(&option))
    };
    let writing = [
        "--out",
        "--json",
        "--plot",
        "--overlay",
        "--scores",
        "--suspects",
        "--worst",
        "--witness",
        "--artifacts",
        "--receipt",
    ];
    let folder = tempfile::tempdir().unwrap();
    for command in commands(folder.path(), &[]) {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let help = help(folder.path(), &words);
        for line in help.lines().map(str::trim) {
            let takes_a_name = ["<FILE>", "<DIR>", "<FOLDER>", "<PNG>", "<SVG>"]
                .iter()
                .any(|kind| line.contains(kind));
            let option = writing.iter().find(|option| line.contains(*option));
            let reads = words == ["audit"];
            if let (true, Some(option), false) = (takes_a_name, option, reads) {
                assert!(is_known(&words, option), "{words:?} {option}");
            }
        }
    }
}

/// All commands that have no commands of their own, below `above`.
fn commands(folder: &Path, above: &[&str]) -> Vec<Vec<String>> {
    let help = help(folder, above);
    let Some((_, list)) = help.split_once("Commands:\n") else {
        return vec![above.iter().map(|word| (*word).to_owned()).collect()];
    };
    let names = list
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    names
        .flat_map(|name| commands(folder, &[above, &[name]].concat()))
        .collect()
}

fn help(folder: &Path, command: &[&str]) -> String {
    let output = annona(folder, &[command, &["--help"]].concat());
    String::from_utf8(output.stdout).unwrap()
}

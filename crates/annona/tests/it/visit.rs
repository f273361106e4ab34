//! A citizen with a phone: its visit code before the orb, its own enrolment by the nonce, and the
//! app from the service.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use alloy::transports::http::reqwest::Client;
use annona_client::Wallet;
use annona_client::wire::{EnrolmentStatus, EnrolmentView, Problem};
use annona_core::B256;
use image::{GrayImage, Luma};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use qrcode::{Color, QrCode};
use serde_json::Value;

use crate::world::{PATIENCE, Service, World, annona, annona_ok};

/// Head of a page as the app's build writes it.
const PAGE: &str = "<!doctype html><html><head><meta http-equiv=\"Content-Security-Policy\" \
    content=\"default-src &#39;none&#39;\"></head></html>";

/// Kinds of a visit code.
const NEW: u8 = 0;
const RECOVERY: u8 = 1;

/// The text of a visit code, as the phone makes it.
fn visit_code(world: &World, wallet: &Wallet, kind: u8, nonce: B256, issued_at: u64) -> String {
    let key = SigningKey::from_slice(&[9; 32]).unwrap();
    let domain = world.chain.deployment().enrolment_domain();
    let body = [
        &[1, kind][..],
        &domain.chain_id.to_be_bytes(),
        domain.orb_registry.as_slice(),
        &wallet.identity().commitment().to_be_bytes(),
        nonce.as_slice(),
        &issued_at.to_be_bytes(),
        key.verifying_key().to_encoded_point(true).as_bytes(),
    ]
    .concat();
    let signature: Signature = key.sign(&[b"annona visit\0", &body[..]].concat());
    let bytes = [&body[..], &signature.to_bytes()].concat();
    format!(
        "ANNONA-VISIT-1:{}",
        data_encoding::BASE32_NOPAD.encode(&bytes)
    )
}

/// Photographs a code, with the quiet zone around it.
fn photograph(text: &str, path: &Path) {
    const MODULE_PX: u32 = 5;
    let code = QrCode::new(text).unwrap();
    let (modules, colors) = (code.width() as u32, code.to_colors());
    let side = (modules + 8) * MODULE_PX;
    let image = GrayImage::from_fn(side, side, |x, y| {
        let (column, row) = (
            (x / MODULE_PX).wrapping_sub(4),
            (y / MODULE_PX).wrapping_sub(4),
        );
        let is_dark = column < modules
            && row < modules
            && colors[(row * modules + column) as usize] == Color::Dark;
        Luma([if is_dark { 0 } else { 255 }])
    });
    image.save(path).unwrap();
}

fn enrol(world: &World, service: &Service, code: [&str; 2]) -> Output {
    let arguments = [
        &["orb", "enrol", "--service", service.client.base()],
        &["--deployment", "deployment.json", "--key-file", "orb.key"][..],
        &["--simulate", "1", "--session", "1", "--json"],
        &code,
    ];
    annona(world.path(), &arguments.concat())
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_is_all_that_a_citizen_shows_and_asks_with() {
    let world = World::create().await;
    std::fs::create_dir(world.path().join("dist")).unwrap();
    std::fs::write(world.path().join("dist/index.html"), PAGE).unwrap();
    let service = world.serve_with(&[("ANNONA_SERVICE__APP_DIR", "dist")]);
    world.resume_mining().await;
    let (wallet, nonce) = (world.wallet("wallet.json"), B256::repeat_byte(0x5e));
    let base = service.client.base();
    let followed = format!("{base}/v1/enrolments/by-nonce/{nonce}");
    let ask = async |url: &str| Client::new().get(url).send().await.unwrap();

    let page = ask(&format!("{base}/")).await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'");
    assert_eq!(page.text().await.unwrap(), PAGE);

    let old = visit_code(&world, &wallet, NEW, nonce, now() - 100);
    let refused = enrol(&world, &service, ["--qr-text", &old]);
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(text.contains("show a fresh one"), "{text}");
    let unknown: Problem = ask(&followed).await.json().await.unwrap();
    assert_eq!(unknown.code, "enrolment-unknown");

    let fresh = visit_code(&world, &wallet, NEW, nonce, now());
    photograph(&fresh, &world.path().join("phone.png"));
    let enrolled = enrol(&world, &service, ["--qr", "phone.png"]);
    let text = String::from_utf8_lossy(&enrolled.stderr).into_owned();
    assert!(enrolled.status.success(), "{text}");
    let acknowledged: EnrolmentView = serde_json::from_slice(&enrolled.stdout).unwrap();
    let seen: EnrolmentView = ask(&followed).await.json().await.unwrap();
    assert_eq!(seen.id, acknowledged.id);
    assert_ne!(seen.status, EnrolmentStatus::Duplicate);
    let commitment = wallet.identity().commitment().to_string();
    assert_eq!(seen.commitment, commitment);
    assert_eq!(service.stop(), Some(0));
}

/// Tests ENROL-16: the code alone says that the person recovers; and ENROL-18 on the way.
#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_replaces_the_lost_identity() {
    let world = World::create().await;
    let service = world.serve();
    world.resume_mining().await;
    let (lost, next) = (world.wallet("lost.json"), world.wallet("next.json"));
    let visit = |wallet: &Wallet, kind, nonce: u8| {
        let code = visit_code(&world, wallet, kind, B256::repeat_byte(nonce), now());
        photograph(&code, &world.path().join("phone.png"));
        let outcome = enrol(&world, &service, ["--qr", "phone.png"]);
        let text = String::from_utf8_lossy(&outcome.stderr).into_owned();
        (outcome.status.success(), text)
    };
    let base = service.client.base();
    let ask = async |nonce: u8| {
        let nonce = B256::repeat_byte(nonce);
        let url = format!("{base}/v1/enrolments/by-nonce/{nonce}");
        Client::new().get(url).send().await.unwrap()
    };
    let settled = async |nonce: u8, wanted: EnrolmentStatus| {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let view: EnrolmentView = ask(nonce).await.json().await.unwrap();
            if view.status == wanted {
                return view;
            }
            assert!(Instant::now() < deadline, "{view:?} is not {wanted:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };

    // Nobody has these eyes yet: the orb and the phone are told so, and nothing is recorded.
    let (is_taken, text) = visit(&next, RECOVERY, 1);
    assert!(!is_taken && text.contains("nothing-to-recover"), "{text}");
    let refusal: Problem = ask(1).await.json().await.unwrap();
    assert_eq!(refusal.code, "nothing-to-recover");

    let (is_taken, text) = visit(&lost, NEW, 2);
    assert!(is_taken, "{text}");
    settled(2, EnrolmentStatus::Final).await;
    let (is_taken, text) = visit(&next, NEW, 3);
    assert!(!is_taken && text.contains("enrolment-duplicate"), "{text}");
    let (is_taken, text) = visit(&next, RECOVERY, 4);
    assert!(is_taken, "{text}");
    let member = settled(4, EnrolmentStatus::Final).await;
    let commitment = next.identity().commitment().to_string();
    assert_eq!(member.commitment, commitment);
    settled(2, EnrolmentStatus::Revoked).await;
    assert_eq!(service.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_the_app_keeps_the_service_from_starting() {
    let world = World::create().await;
    let setting = "deployment = \"deployment.json\"\n";
    let config = std::fs::read_to_string(world.path().join("annona.toml")).unwrap();
    let with_app = config.replace(setting, &format!("{setting}app_dir = \"dist\"\n"));
    std::fs::write(world.path().join("app.toml"), with_app).unwrap();
    let outcome = annona(world.path(), &["serve", "--config", "app.toml"]);
    let text = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert_eq!(outcome.status.code(), Some(1), "{text}");
    assert!(text.contains("has no index.html"), "{text}");
    let doctor = ["doctor", "--config", "app.toml"];
    let found = annona(world.path(), &doctor);
    let text = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(text.contains("FAIL app: "), "{text}");

    std::fs::create_dir(world.path().join("dist")).unwrap();
    std::fs::write(world.path().join("dist/index.html"), PAGE).unwrap();
    let found = annona_ok(world.path(), &doctor);
    assert!(found.contains("ok   app: "), "{found}");
    let demo = annona(world.path(), &["demo", "--app", "nowhere"]);
    let text = String::from_utf8_lossy(&demo.stderr).into_owned();
    assert!(text.contains("has no index.html"), "{text}");
}

/// Tests ZKML-16, ZKML-17, ENROL-21 and ENROL-22 with the whole service.
#[tokio::test(flavor = "multi_thread")]
async fn a_citizen_takes_the_irises_home_once() {
    let world = World::create().await;
    let service = world.serve();
    world.resume_mining().await;
    let wallet = world.wallet("wallet.json");
    let visit = [
        "citizen",
        "visit",
        "--deployment",
        "deployment.json",
        "--json",
    ];
    let visit: Value = serde_json::from_str(&annona_ok(world.path(), &visit)).unwrap();
    let code = visit["text"].as_str().unwrap();
    let base = service.client.base();
    let package = |secret: &str, out: &str| {
        let words = ["citizen", "package", "--service", base, "--json"];
        let words = [&words[..], &["--secret", secret, "--out", out]].concat();
        let outcome = annona(world.path(), &words);
        let error = String::from_utf8_lossy(&outcome.stderr).into_owned();
        (outcome, error)
    };
    let (early, error) = package("visit.secret", "home");
    assert!(
        !early.status.success() && error.contains("package-unknown"),
        "{error}"
    );
    let enrolled = enrol(&world, &service, ["--qr-text", code]);
    let text = String::from_utf8_lossy(&enrolled.stderr).into_owned();
    assert!(enrolled.status.success(), "{text}");

    // Somebody else's visit does not open it.
    let other = ["citizen", "visit", "--deployment", "deployment.json"];
    annona_ok(
        world.path(),
        &[&other[..], &["--secret", "other.secret"]].concat(),
    );
    let (foreign, error) = package("other.secret", "home");
    assert!(
        !foreign.status.success() && error.contains("package-unknown"),
        "{error}"
    );

    let (fetched, error) = package("visit.secret", "home");
    assert!(fetched.status.success(), "{error}");
    let answer: Value = serde_json::from_slice(&fetched.stdout).unwrap();
    let home = world.path().join("home");
    let statement = std::fs::read_to_string(home.join("statement.json")).unwrap();
    let statement: Value = serde_json::from_str(&statement).unwrap();
    assert_eq!(statement["orb"], answer["orb"]);
    let commitment = wallet.identity().commitment().to_string();
    assert_eq!(statement["commitment"], commitment);
    for (eye, image, code) in [
        ("left", "leftImageCommitment", "leftCodeCommitment"),
        ("right", "rightImageCommitment", "rightCodeCommitment"),
    ] {
        let file = format!("home/{eye}.package");
        let shown = annona_ok(world.path(), &["zkml", "inspect", &file, "--json"]);
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["eye"], eye);
        assert_eq!(shown["imageCommitment"], statement[image]);
        assert_eq!(shown["codes"][0]["codeCommitment"], statement[code]);
        let mode = std::fs::metadata(world.path().join(&file)).unwrap();
        assert_eq!(mode.permissions().mode() & 0o077, 0, "{file}");
    }
    let (again, error) = package("visit.secret", "again");
    assert!(
        !again.status.success() && error.contains("package-unknown"),
        "{error}"
    );
    assert!(!world.path().join("again").exists());
    let (over, error) = package("visit.secret", "home");
    assert!(
        !over.status.success() && error.contains("exists already"),
        "{error}"
    );
    assert_eq!(service.stop(), Some(0));
}

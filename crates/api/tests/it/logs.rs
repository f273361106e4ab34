//! Logs of enrolments, which hold no part of a template.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock};

use alloy::hex;
use annona_core::{Commitment, U256};
use annona_template::IrisTemplate;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tracing::level_filters::LevelFilter;

use crate::commitments::committed;
use crate::enrolments::eyes_under_review;
use crate::world::{World, eyes};

/// Bytes of a template in one sample: too many to occur by chance.
const SAMPLE_BYTES: usize = 12;

/// Everything that the process logs, at the most talkative level.
#[derive(Clone, Default)]
struct Logs(Arc<Mutex<Vec<u8>>>);

impl Write for Logs {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Logs {
    /// Begins to capture; for the whole process, because searches are on other threads.
    fn capture() -> Self {
        static LOGS: OnceLock<Logs> = OnceLock::new();
        let begin = || {
            let logs = Self::default();
            let writer = logs.clone();
            tracing_subscriber::fmt()
                .with_max_level(LevelFilter::TRACE)
                .with_ansi(false)
                .with_writer(move || writer.clone())
                .init();
            logs
        };
        LOGS.get_or_init(begin).clone()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).to_lowercase()
    }

    /// The first form of a part of the template that occurs in the logs.
    fn leak_of(&self, template: &IrisTemplate) -> Option<String> {
        let text = self.text();
        let bytes = template.to_bytes();
        // Behind the header, which all templates share; the masks may all be alike.
        let code = &bytes[16..16 + 8 * template.code().len()];
        let samples = code.windows(SAMPLE_BYTES).step_by(97);
        let words = template.code().iter().map(u64::to_string);
        samples
            .flat_map(forms)
            .chain(words)
            .find(|form| text.contains(&form.to_lowercase()))
    }
}

/// Forms in which bytes are usually written.
fn forms(bytes: &[u8]) -> Vec<String> {
    // A sample begins anywhere in the groups of three bytes that base64 makes.
    let base64 = (0..3).map(|skipped| STANDARD_NO_PAD.encode(&bytes[skipped..skipped + 9]));
    let list = format!("{bytes:?}");
    let list = list.trim_matches(['[', ']']).to_owned();
    base64.chain([hex::encode(bytes), list]).collect()
}

#[tokio::test]
async fn no_part_of_a_template_is_ever_logged() {
    let logs = Logs::capture();
    let world = World::new().await;
    let commitment = |number| Commitment::try_from(U256::from(number)).unwrap();
    let [known, stranger] = [eyes(1), eyes(2)];
    let unclear = eyes_under_review(&known);
    let mut statuses = Vec::new();
    for (number, eyes) in (1..).zip([&known, &known, &unclear]) {
        let packet = world.packet(commitment(number), eyes, number);
        statuses.push(world.enrol(&packet).await.status.as_u16());
    }
    let mut forged = world.packet(commitment(4), &stranger, 4);
    forged.nonce = forged.model_id.clone();
    statuses.push(world.enrol(&forged).await.status.as_u16());
    let salted = committed(&world, &stranger, 5);
    let mut mismatched = committed(&world, &stranger, 6);
    mismatched.commitments.clone_from(&salted.commitments);
    for request in [&mismatched, &salted] {
        statuses.push(world.enrol(request).await.status.as_u16());
    }
    assert_eq!(statuses[..3], [202, 409, 409]);
    assert!(statuses[3] >= 400, "{statuses:?}");

    assert!(
        logs.text().contains("enrolment decided"),
        "nothing was captured"
    );
    assert_eq!(statuses[5], 202, "{statuses:?}");
    let eyes = salted.commitments.unwrap();
    for salt in [eyes.left.code_salt, eyes.right.code_salt] {
        let digits = salt.trim_start_matches("0x").trim_start_matches('0');
        assert!(!logs.text().contains(digits), "a salt was logged");
    }
    for eyes in [&known, &unclear, &stranger] {
        for template in [&eyes.left, &eyes.right] {
            assert_eq!(logs.leak_of(template), None);
        }
    }
}

#[test]
fn a_template_is_found_in_a_log_in_every_usual_form() {
    let template = eyes(3).left;
    let bytes = template.to_bytes();
    let shown = [
        hex::encode(&bytes),
        hex::encode_upper(&bytes[40..900]),
        STANDARD_NO_PAD.encode(&bytes),
        STANDARD_NO_PAD.encode(&bytes[1..]),
        STANDARD_NO_PAD.encode(&bytes[2..]),
        format!("{bytes:?}"),
        format!("{:?}", template.code()),
    ];
    for line in shown {
        let mut logs = Logs::default();
        logs.write_all(line.as_bytes()).unwrap();
        assert!(logs.leak_of(&template).is_some(), "{line}");
    }
    assert_eq!(Logs::default().leak_of(&template), None);
}

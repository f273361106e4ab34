//! `annona model upgrade`: a new model, published to a service and its people.

use std::path::{Path, PathBuf};

use annona_core::{B256, UnixSeconds};
use annona_engine::ports::{ModelRepository, ModelUpgrade, PublishOutcome};
use annona_keys::{UnsafeKeys, permit};
use annona_model::{EncoderModel, ModelName};
use annona_proofs::{KeyOrigin, VerifyingKey};
use annona_template::CODE_BITS;
use annona_zkml::pinned;
use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::Serialize;

use super::date::{day_of, parse_last_second};
use crate::load_config;
use crate::orb::now;
use crate::output::Format;
use crate::zkml::read_verifying_key;

/// Public inputs of a proof of encoding: both commitments and the context.
const ENCODING_INPUTS: usize = 3;

/// Arguments of `annona model upgrade`.
#[derive(Debug, Args)]
pub(crate) struct UpgradeArgs {
    /// Parameter file of the new model, such as crates/model/params/p2_256x64_q7.json.
    #[arg(long, value_name = "FILE")]
    parameters: PathBuf,
    /// Verifying key of the new model's circuit (arkworks, uncompressed). The UNSAFE test key is
    /// taken on development chains alone.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Last day, in UTC, on which people can change from home, such as 2027-03-31.
    #[arg(long, value_name = "DATE", value_parser = parse_last_second)]
    old_until: UnixSeconds,
    /// Configuration of the service whose database holds the templates, such as annona.toml.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Published {
    model: &'static str,
    model_id: String,
    key_hash: String,
    old_until: u64,
    is_new: bool,
}

/// Publishes the model, or moves the date of the same change.
pub(super) async fn run(args: UpgradeArgs) -> anyhow::Result<()> {
    let config = load_config(&args.config)?;
    let model = read_model(&args.parameters)?;
    let key = read_verifying_key(&args.key)?;
    check_key(&key, model).with_context(|| format!("{} is not taken", args.key.display()))?;
    let published_at = now();
    ensure!(
        args.old_until > published_at,
        "{} is over: people need time to change",
        day_of(args.old_until)
    );
    let (store, deployment) = super::open(&config).await?;
    if is_test_key(&key) {
        permit(
            KeyOrigin::UnsafeTest,
            deployment.chain_id,
            UnsafeKeys::Refuse,
        )?;
    }
    let upgrade = ModelUpgrade {
        model_id: B256::from(model.model().id()),
        verifying_key: key.to_bytes(),
        old_until: args.old_until,
        published_at,
    };
    let outcome = store.publish_model_upgrade(&upgrade).await?;
    store.close().await;
    let (old_until, is_new) = match outcome {
        PublishOutcome::Published => (upgrade.old_until, true),
        PublishOutcome::DateKept { old_until } => (old_until, false),
        PublishOutcome::OtherUnderWay => {
            bail!(
                "a change to another model, or under another key, is under way: `annona model status` shows it"
            )
        }
    };
    let answer = Published {
        model: model.name(),
        model_id: upgrade.model_id.to_string(),
        key_hash: key.hash().to_string(),
        old_until: old_until.0,
        is_new,
    };
    Format::from_flag(args.json).print(&answer, || answer.text(old_until))
}

impl Published {
    fn text(&self, old_until: UnixSeconds) -> String {
        format!(
            "{} model {}, {}\nkey {}\npeople change from home until the end of {} (UTC): `annona citizen upgrade`\norbs send codes by both models from now on, and the service needs no restart",
            if self.is_new {
                "published"
            } else {
                "under way:"
            },
            self.model,
            self.model_id,
            self.key_hash,
            day_of(old_until)
        )
    }
}

/// Reads the parameter file of a model whose circuit this program pins (ZKML-7), and whose codes can
/// take the place of those that are stored (ZKML-18).
fn read_model(path: &Path) -> anyhow::Result<ModelName> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let parsed = EncoderModel::parse(&text)
        .with_context(|| format!("{} is no parameter file", path.display()))?;
    let id = B256::from(parsed.id());
    let model = ModelName::with_id(parsed.id()).with_context(|| {
        format!("this version pins no circuit of model {id}: publish it with a version that does")
    })?;
    ensure!(
        model != ModelName::P,
        "{} is the model of the templates that are stored",
        path.display()
    );
    ensure!(
        parsed.size() == ModelName::P.model().size() && parsed.code_count() == CODE_BITS,
        "{} reads other irises than those that orbs committed to, or makes other codes",
        path.display()
    );
    Ok(model)
}

/// Refuses keys that are no key of the model's circuit, as far as a key shows it.
fn check_key(key: &VerifyingKey, model: ModelName) -> anyhow::Result<()> {
    ensure!(
        key.input_count() == ENCODING_INPUTS,
        "it is the key of another circuit"
    );
    ensure!(
        !is_test_key(key) || key.hash() == pinned(model).test_key_hash,
        "it is the test key of another model than {model}"
    );
    Ok(())
}

fn is_test_key(key: &VerifyingKey) -> bool {
    let mut models = ModelName::ALL.iter();
    models.any(|model| pinned(*model).test_key_hash == key.hash())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_zkml::unsafe_test_verifying_key;

    use super::*;

    const PARAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../model/params");

    /// Tests ZKML-18.
    #[test]
    fn only_a_pinned_model_of_the_same_irises_and_codes_is_published() {
        let read = |name: &str| read_model(&Path::new(PARAMS).join(name));
        assert_eq!(read("p2_256x64_q7.json").unwrap(), ModelName::P2);
        for (name, said) in [
            ("p_256x64_q7.json", "templates that are stored"),
            ("s18_256x32_q7.json", "other irises"),
            ("ci_40x12_q7.json", "other irises"),
            ("nothing.json", "cannot read"),
            ("../Cargo.toml", "no parameter file"),
        ] {
            let refusal = read(name).unwrap_err().to_string();
            assert!(refusal.contains(said), "{name}: {refusal}");
        }
        let folder = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string(Path::new(PARAMS).join("p2_256x64_q7.json")).unwrap();
        let changed = text.replace("P2_256x64_q7", "P3_256x64_q7");
        let path = folder.path().join("p3.json");
        std::fs::write(&path, changed).unwrap();
        let refusal = read_model(&path).unwrap_err().to_string();
        assert!(refusal.contains("pins no circuit"), "{refusal}");
    }

    /// Tests ZKML-18.
    #[test]
    fn the_test_key_of_another_model_is_refused() {
        let key = unsafe_test_verifying_key;
        assert!(check_key(&key(ModelName::P2), ModelName::P2).is_ok());
        assert!(check_key(&key(ModelName::P), ModelName::P2).is_err());
    }
}

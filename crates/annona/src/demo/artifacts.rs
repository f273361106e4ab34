//! Folder of the files that the demo leaves behind: deployment, claim proofs, eye images and
//! templates.

use std::path::{Path, PathBuf};

use annona_bindings::Deployment;
use annona_client::ClaimDraft;
use annona_files::{Audience, create_folder, read_text, write_new};
use anyhow::{Context, bail};

use crate::orb::Session;
use crate::outputs;

/// File that says that the folder is the demo's.
const MARK_FILE: &str = "annona-demo.txt";

/// Contents of that file.
const MARK: &str = "Made by `annona demo --artifacts`. A later run replaces the files in here.\n";

/// Folder of the files that the demo leaves behind.
pub(crate) struct Artifacts {
    folder: PathBuf,
}

impl Artifacts {
    /// Takes a folder that is missing, empty or of an earlier run.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        create_folder(folder, Audience::Everybody)?;
        let mark = folder.join(MARK_FILE);
        let mut items = std::fs::read_dir(folder)
            .with_context(|| format!("cannot read the folder {}", folder.display()))?;
        if items.next().is_none() {
            write_new(&mark, Audience::Everybody, MARK.as_bytes())?;
        } else if read_text(&mark, 1_024).ok().as_deref() != Some(MARK) {
            bail!(
                "{} holds files that the demo did not make; name an empty folder or a new one",
                folder.display()
            );
        }
        for within in ["claims", "eyes"] {
            create_folder(&folder.join(within), Audience::Everybody)?;
        }
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    pub(crate) fn keep_deployment(&self, deployment: &Deployment) -> anyhow::Result<()> {
        let path = self.folder.join("deployment.json");
        let members = &["chainId", "deploymentBlock", "distributor", "timelock"];
        outputs::put_json(outputs::json(&path, "a deployment", members)?, deployment)
    }

    pub(crate) fn keep_claim(&self, number: u32, draft: &ClaimDraft) -> anyhow::Result<()> {
        let name = format!("claims/epoch-{}-citizen-{number:04}.json", draft.epoch);
        let members = &["merkleTreeRoot", "nullifierHash", "signal", "proof"];
        let file = outputs::json(&self.folder.join(name), "a proof of a claim", members)?;
        outputs::put_json(file, &draft.to_semaphore_json())
    }

    pub(crate) fn keep_eyes(&self, number: u32, session: &Session) -> anyhow::Result<()> {
        let templates = &session.capture.templates;
        for (side, image, template) in [
            ("left", &session.images.left, &templates.left),
            ("right", &session.images.right, &templates.right),
        ] {
            let path = |end| self.folder.join(format!("eyes/{number:04}-{side}.{end}"));
            outputs::put_png(outputs::png(&path("png"))?, image.clone())?;
            let mut file = outputs::template(&path("template"))?;
            file.put(&template.to_bytes())?;
            file.commit()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_folder_with_other_files_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        Artifacts::open(folder.path()).unwrap();
        Artifacts::open(folder.path()).unwrap();
        Artifacts::open(&folder.path().join("new/within")).unwrap();
        for (name, text) in [
            ("deployment.json", "{}"),
            (MARK_FILE, "mine"),
            (".hidden", ""),
        ] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(name), text).unwrap();
            assert!(Artifacts::open(folder.path()).is_err(), "{name}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }
}

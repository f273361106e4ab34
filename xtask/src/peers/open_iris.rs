//! Test data and the matcher of `worldcoin/open-iris`, against this project's distance,
//! normalised iris and filters.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Outcome, Repository, Row, SCRIPTS, program};
use crate::python::{PYTHON, Package};
use crate::shell::{read_from, root};

const NUMPY: Package = Package {
    name: "numpy",
    version: "2.4.6",
};

const PEER: &str = "worldcoin/open-iris";
/// Folders that are taken from the repository; elsewhere it has large files.
pub(super) const FOLDERS: [&str; 2] = [TESTS, MATCHER];
const TESTS: &str = "tests/e2e_tests/nodes";
const MATCHER: &str = "src/iris/nodes/matcher";

/// Comparisons, by the name that `annona-peers` has for each.
const SUBJECTS: [(&str, &str); 4] = [
    ("stored-distances", "distances that its tests hold"),
    (
        "distances",
        "its matcher's distances at all turns, with numpy",
    ),
    ("normalised", "the iris unrolled between the same contours"),
    ("filters", "responses of its kernels"),
];

/// Runs all comparisons with a clone of the repository.
pub(super) fn rows(scratch: &Path, clone: &Repository) -> Vec<Row> {
    let made = clone.made().map(|folder| Material {
        scratch: scratch.join("open-iris.arrays"),
        folder,
    });
    SUBJECTS
        .into_iter()
        .map(|(name, subject)| Row {
            peer: PEER.to_owned(),
            subject,
            outcome: match &made {
                Ok(material) => material.outcome(name),
                Err(reason) => Outcome::Skipped(format!("{reason:#}")),
            },
        })
        .collect()
}

/// The repository's files, and a folder for those that are made of them.
struct Material {
    folder: PathBuf,
    scratch: PathBuf,
}

impl Material {
    fn outcome(&self, name: &str) -> Outcome {
        if let Err(reason) = read_from(root(), PYTHON, &["--version"]) {
            return Outcome::Skipped(format!("Python 3 is missing: {reason:#}"));
        }
        if name != "distances" {
            return Outcome::of(self.compared(name, self.arrays(name)));
        }
        match NUMPY.program("python") {
            Ok(python) => Outcome::of(self.compared(name, self.distances(&python))),
            Err(reason) => Outcome::Skipped(format!("{reason:#}")),
        }
    }

    fn compared(&self, name: &str, data: anyhow::Result<Value>) -> anyhow::Result<String> {
        let file = self.written(name, &data?)?;
        program(&["open-iris", name, &file])
    }

    fn written(&self, name: &str, data: &Value) -> anyhow::Result<String> {
        fs::create_dir_all(&self.scratch)?;
        let path = self.scratch.join(format!("{name}.json"));
        fs::write(&path, data.to_string())?;
        Ok(path.to_string_lossy().into_owned())
    }

    /// Plain arrays of what a comparison needs.
    fn arrays(&self, name: &str) -> anyhow::Result<Value> {
        let files: &[(&str, &str)] = match name {
            "normalised" => &[
                ("image", "normalization/mocks/ir_image.pickle"),
                ("noise", "normalization/mocks/noise_mask.pickle"),
                (
                    "polygons",
                    "normalization/mocks/extrapolated_polygons.pickle",
                ),
                ("orientation", "normalization/mocks/eye_orientation.pickle"),
                ("centres", "geometry_estimation/mocks/eye_center.pickle"),
                (
                    "normalised",
                    "normalization/mocks/e2e_expected_result_linear.pickle",
                ),
            ],
            "filters" => &[
                (
                    "normalised",
                    "iris_response/mocks/conv_filter_bank/normalized_iris.pickle",
                ),
                (
                    "responses",
                    "iris_response/mocks/conv_filter_bank/e2e_expected_result.pickle",
                ),
                (
                    "kernel_0",
                    "iris_response/mocks/image_filters/gabor_filter.pickle",
                ),
                (
                    "kernel_1",
                    "iris_response/mocks/image_filters/gabor2_filter.pickle",
                ),
                (
                    "kernel_2",
                    "iris_response/mocks/image_filters/loggabor_filter.pickle",
                ),
            ],
            _ => &[
                (
                    "template",
                    "matcher/mocks/hamming_distance_matcher/iris_template.pickle",
                ),
                ("matcher", "matcher/test_e2e_hamming_distance_matcher.py"),
            ],
        };
        let tests = self.folder.join(TESTS);
        let files = files.iter().map(|(name, file)| (*name, tests.join(file)));
        let mut arrays = converted(&files.collect::<Vec<_>>())?;
        if name == "filters" {
            let kernels: Vec<Value> = (0..3)
                .map(|number| arrays[format!("kernel_{number}")].take())
                .collect();
            arrays["kernels"] = json!(kernels);
        }
        Ok(arrays)
    }

    /// Distances of open-iris's own matcher.
    fn distances(&self, python: &Path) -> anyhow::Result<Value> {
        let template = self.written("template", &self.arrays("distances")?)?;
        let matcher = self.folder.join(MATCHER).join("utils.py");
        let arguments = [
            "-I",
            "-B",
            "open_iris_distances.py",
            &matcher.to_string_lossy(),
            &template,
        ];
        let printed = read_from(&root().join(SCRIPTS), python, &arguments)?;
        Ok(serde_json::from_str(&printed)?)
    }
}

/// Converts pickles to plain arrays, by name, in a process that may do nothing else.
fn converted(files: &[(&str, PathBuf)]) -> anyhow::Result<Value> {
    let files: Vec<String> = files
        .iter()
        .map(|(name, file)| format!("{name}={}", file.display()))
        .collect();
    let files = files.iter().map(String::as_str);
    let arguments: Vec<&str> = ["-I", "-S", "-B", "plain_arrays.py"]
        .into_iter()
        .chain(files)
        .collect();
    let printed = read_from(&root().join(SCRIPTS), PYTHON, &arguments)?;
    Ok(serde_json::from_str(&printed)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Opcodes of a `dtype` with its byte order.
    fn element(name: &str, order: char) -> Vec<u8> {
        format!("cnumpy\ndtype\n(V{name}\nI0\nI1\ntR(I3\nV{order}\nNNNI-1\nI-1\nI0\ntb")
            .into_bytes()
    }

    /// Opcodes of an array of bytes.
    fn array(shape: &str, element: &[u8], by_columns: bool, data: &[u8]) -> Vec<u8> {
        let mut pickle =
            b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\ntR(I1\n".to_vec();
        pickle.extend(format!("({shape}t").bytes());
        pickle.extend(element);
        pickle.extend(format!("I0{}\nC", u8::from(by_columns)).bytes());
        pickle.push(data.len() as u8);
        pickle.extend(data);
        pickle.extend(b"tb");
        pickle
    }

    fn ended(mut pickle: Vec<u8>) -> Vec<u8> {
        pickle.push(b'.');
        pickle
    }

    /// Runs the converter on a pickle; `None` where Python is missing.
    fn convert(name: &str, pickle: &[u8]) -> Option<Result<Value, String>> {
        if let Err(reason) = read_from(root(), PYTHON, &["--version"]) {
            eprintln!("SKIPPED: the converter of pickles is not tested: {reason:#}");
            return None;
        }
        let folder = std::env::temp_dir().join(format!("annona-pickles-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(name);
        fs::write(&file, pickle).unwrap();
        let converted = converted(&[("it", file.clone())]);
        fs::remove_file(file).unwrap();
        Some(match converted {
            Ok(mut value) => Ok(value["it"].take()),
            Err(error) => Err(format!("{error:#}")),
        })
    }

    #[test]
    fn arrays_and_records_are_converted() {
        let bytes = array("I2\nI2\n", &element("u1", '|'), false, &[1, 2, 3, 4]);
        let Some(plain) = convert("array", &ended(bytes.clone())) else {
            return;
        };
        let expected = json!({ "type": "u1", "shape": [2, 2], "bytes": "01020304" });
        assert_eq!(plain, Ok(expected.clone()));
        let by_columns = array("I2\nI2\n", &element("u1", '|'), true, &[1, 3, 2, 4]);
        assert_eq!(
            convert("columns", &ended(by_columns)),
            Some(Ok(expected.clone()))
        );
        let mut record = b"ciris.io.dataclasses\nNoiseMask\n)\x81}(V__dict__\n}(Vmask\n".to_vec();
        record.splice(0..0, *b"\x80\x02");
        record.extend(bytes);
        record.extend(b"uub.");
        assert_eq!(
            convert("record", &record),
            Some(Ok(json!({ "mask": expected })))
        );
    }

    #[test]
    fn hostile_pickles_are_refused_and_do_nothing() {
        let mark = std::env::temp_dir().join(format!("annona-pickle-ran-{}", std::process::id()));
        let command = format!("touch {}", mark.display());
        let call =
            |module: &str, name: &str| format!("c{module}\n{name}\n(V{command}\ntR.").into_bytes();
        let objects = array("I1\n", &element("O8", '|'), false, &[0; 8]);
        let short = array("I3\n", &element("u1", '|'), false, &[1, 2]);
        let negative = array("I-1\nI-2\n", &element("u1", '|'), false, &[1, 2]);
        let swapped = array("I1\n", &element("f4", '>'), false, &[0; 4]);
        let hostile = [
            ("system", call("posix", "system"), "names posix.system"),
            ("os", call("os", "system"), "names os.system"),
            ("eval", call("builtins", "eval"), "names builtins.eval"),
            (
                "attribute",
                b"\x80\x04\x8c\x05numpy\x8c\x11dtype.__class__.x\x93.".to_vec(),
                "names numpy.",
            ),
            (
                "near",
                call("iris.io.dataclasses", "os"),
                "names iris.io.dataclasses.os",
            ),
            ("extension", b"\x82\x01.".to_vec(), "not a pickle"),
            ("outside", b"Pit\n.".to_vec(), "outside of it"),
            ("itself", b"\x80\x02]q\x00h\x00a.".to_vec(), "too deeply"),
            ("objects", ended(objects), "elements of type |O8"),
            ("short", ended(short), "2 bytes for an array"),
            ("negative", ended(negative), "without bytes or shape"),
            ("swapped", ended(swapped), "elements of type >f4"),
            (
                "class",
                b"cnumpy\nndarray\n.".to_vec(),
                "a value of type type",
            ),
            ("damaged", b"\x80\x04\x95\xff".to_vec(), "not a pickle"),
            ("empty", Vec::new(), "not a pickle"),
            ("large", vec![b'N'; 5 << 20], "bytes"),
            (
                "memory",
                b"\x80\x05\x96\x00\x00\x00\x00\x00\x01\x00\x00".to_vec(),
                "not a pickle",
            ),
        ];
        for (name, pickle, reason) in hostile {
            let Some(converted) = convert(name, &pickle) else {
                return;
            };
            let refusal = converted.expect_err(name);
            assert!(refusal.contains("is refused"), "{name}: {refusal}");
            assert!(refusal.contains(reason), "{name}: {refusal}");
        }
        assert!(!mark.exists(), "a pickle ran a command");
    }

    /// The second wall: code that came past the first could neither open nor start anything.
    #[test]
    fn a_closed_process_opens_and_starts_nothing() {
        if read_from(root(), PYTHON, &["--version"]).is_err() {
            eprintln!("SKIPPED: the closed process is not tested: Python 3 is missing");
            return;
        }
        for (attempt, event) in [
            ("open('sandbox.py')", "open"),
            ("os.system('true')", "os.system"),
            ("subprocess.run(['true'])", "subprocess.Popen"),
            ("socket.socket()", "socket.__new__"),
            ("eval('1')", "compile"),
            ("import colorsys", "import"),
        ] {
            let code = format!(
                "import os, socket, subprocess, sys; sys.path.insert(0, '.'); import sandbox\n\
                 sandbox.close()\n\
                 try:\n {attempt}\n\
                 except PermissionError as refusal: print(refusal)"
            );
            let folder = root().join(SCRIPTS);
            let printed = read_from(&folder, PYTHON, &["-I", "-B", "-c", &code]).unwrap();
            assert_eq!(printed.trim(), format!("{event} is not allowed here"));
        }
    }
}

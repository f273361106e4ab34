//! Pairs that a person should look at: the worst of either kind, and labels that score like one
//! eye.

use std::collections::BTreeMap;
use std::io::Write;

use annona_iris::Eye;
use annona_matcher::DecisionRule;

use super::encoded::{EncodedImage, EncodedImages};
use super::manifest::ManifestEntry;

/// First line of a file of suspects.
pub const SUSPECTS_HEADER: &str =
    "subject,eye,images,other_subject,other_eye,other_images,matching,lowest,path,other_path";

/// Pair of images with its score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotablePair {
    /// Positions of both images in the manifest, from 0, the earlier one first.
    pub images: [usize; 2],
    /// Score in millionths; `None` when the two share too few valid bits.
    pub micros: Option<u32>,
}

/// Subject, by its number, and whether it is the right eye.
type Label = (usize, bool);

/// Pairs of images of two labels that score like one eye.
struct Resemblance {
    matching: u64,
    lowest: NotablePair,
}

/// Pairs that stand out, gathered while all pairs are compared.
pub struct NotablePairs {
    genuine: Ranking,
    impostor: Ranking,
    resembling: BTreeMap<[Label; 2], Resemblance>,
    one_eye_below_micros: u32,
}

impl NotablePairs {
    /// Keeps the `worst` worst pairs of either kind, and every two labels of which a pair
    /// scores as surely one person's.
    #[must_use]
    pub fn new(worst: usize) -> Self {
        Self {
            genuine: Ranking::of(worst),
            impostor: Ranking::of(worst),
            resembling: BTreeMap::new(),
            one_eye_below_micros: DecisionRule::standard().duplicate_below_micros,
        }
    }

    /// Genuine pairs with the highest scores, those without a score before them.
    pub fn worst_genuine(&self) -> impl ExactSizeIterator<Item = NotablePair> + '_ {
        self.genuine.pairs.iter().map(|(_, pair)| *pair)
    }

    /// Impostor pairs with the lowest scores.
    pub fn worst_impostor(&self) -> impl ExactSizeIterator<Item = NotablePair> + '_ {
        self.impostor.pairs.iter().map(|(_, pair)| *pair)
    }

    /// Number of pairs of different labels that score like one eye.
    #[must_use]
    pub fn suspects(&self) -> usize {
        self.resembling.len()
    }

    pub(super) fn record(&mut self, a: &EncodedImage, b: &EncodedImage, micros: Option<u32>) {
        let pair = NotablePair {
            images: [a.index, b.index],
            micros,
        };
        let labels = [label(a), label(b)];
        if labels[0] == labels[1] {
            self.genuine
                .offer(u32::MAX - micros.unwrap_or(u32::MAX), pair);
            return;
        }
        let Some(score) = micros else { return };
        self.impostor.offer(score, pair);
        if score < self.one_eye_below_micros {
            self.resemble(labels, pair);
        }
    }

    fn resemble(&mut self, mut labels: [Label; 2], pair: NotablePair) {
        labels.sort_unstable();
        let found = self.resembling.entry(labels).or_insert(Resemblance {
            matching: 0,
            lowest: pair,
        });
        found.matching += 1;
        if pair.micros < found.lowest.micros {
            found.lowest = pair;
        }
    }

    /// Writes a line for every two labels that score like one eye, in CSV with
    /// [`SUSPECTS_HEADER`]; those of which the largest share of pairs matches come first. Two
    /// names of one eye match in most pairs, a false match in one.
    ///
    /// # Errors
    /// [`csv::Error`] of `out`.
    pub fn write_suspects(
        &self,
        encoded: &EncodedImages,
        entries: &[ManifestEntry],
        out: &mut dyn Write,
    ) -> Result<(), csv::Error> {
        let mut images: BTreeMap<Label, u64> = BTreeMap::new();
        for image in &encoded.templates {
            *images.entry(label(image)).or_default() += 1;
        }
        let share = |labels: &[Label; 2], found: &Resemblance| {
            found.matching as f64 / (images[&labels[0]] * images[&labels[1]]) as f64
        };
        let mut rows: Vec<_> = self.resembling.iter().collect();
        rows.sort_by(|(a, of_a), (b, of_b)| share(b, of_b).total_cmp(&share(a, of_a)));
        let mut lines = csv::Writer::from_writer(out);
        lines.write_record(SUSPECTS_HEADER.split(','))?;
        for (_, found) in rows {
            lines.write_record(fields(found, entries, &images, encoded))?;
        }
        lines.flush()?;
        Ok(())
    }
}

/// One line of the file, in the order of [`SUSPECTS_HEADER`].
fn fields(
    found: &Resemblance,
    entries: &[ManifestEntry],
    images: &BTreeMap<Label, u64>,
    encoded: &EncodedImages,
) -> Vec<String> {
    let [first, second] = found.lowest.images.map(|index| &entries[index]);
    let count = |index: usize| {
        let of_index = |image: &&EncodedImage| image.index == index;
        let image = encoded.templates.iter().find(of_index);
        image.map_or(0, |image| images[&label(image)]).to_string()
    };
    let [of_first, of_second] = found.lowest.images.map(count);
    let lowest = f64::from(found.lowest.micros.unwrap_or(u32::MAX)) / 1e6;
    vec![
        first.subject.clone(),
        first.eye.name().to_owned(),
        of_first,
        second.subject.clone(),
        second.eye.name().to_owned(),
        of_second,
        found.matching.to_string(),
        format!("{lowest:.6}"),
        first.path.display().to_string(),
        second.path.display().to_string(),
    ]
}

fn label(image: &EncodedImage) -> Label {
    (image.subject, image.eye == Eye::Right)
}

/// The pairs of lowest rank, of equal ones the first.
struct Ranking {
    keep: usize,
    pairs: Vec<(u32, NotablePair)>,
}

impl Ranking {
    const fn of(keep: usize) -> Self {
        Self {
            keep,
            pairs: Vec::new(),
        }
    }

    fn offer(&mut self, rank: u32, pair: NotablePair) {
        let is_full = self.pairs.len() >= self.keep;
        if is_full && self.pairs.last().is_none_or(|(last, _)| *last <= rank) {
            return;
        }
        let place = self.pairs.partition_point(|(other, _)| *other <= rank);
        self.pairs.insert(place, (rank, pair));
        self.pairs.truncate(self.keep);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::PathBuf;

    use annona_template::{COLUMNS, IrisTemplate};

    use super::*;

    fn image(index: usize, subject: usize, eye: Eye) -> EncodedImage {
        EncodedImage {
            index,
            subject,
            eye,
            sample: "1".to_owned(),
            template: IrisTemplate::from_columns([0; COLUMNS], [0; COLUMNS]),
        }
    }

    fn entry(index: usize, image: &EncodedImage) -> ManifestEntry {
        ManifestEntry {
            line: index as u64 + 2,
            path: PathBuf::from(format!("{index}, a.png")),
            subject: format!("S{}", image.subject),
            eye: image.eye,
            sample: "1".to_owned(),
        }
    }

    #[test]
    fn the_worst_of_either_kind_are_kept_in_order() {
        let mut notable = NotablePairs::new(2);
        let images: Vec<_> = (0..5).map(|k| image(k, k / 4, Eye::Left)).collect();
        let scores = [
            (0, 1, Some(100_000)),
            (0, 2, None),
            (1, 2, Some(300_000)),
            (0, 3, Some(200_000)),
            (0, 4, Some(450_000)),
            (1, 4, None),
            (2, 4, Some(390_000)),
            (3, 4, Some(420_000)),
        ];
        for (a, b, micros) in scores {
            notable.record(&images[a], &images[b], micros);
        }
        let genuine: Vec<_> = notable.worst_genuine().map(|pair| pair.images).collect();
        assert_eq!(genuine, [[0, 2], [1, 2]]);
        let impostor: Vec<_> = notable.worst_impostor().map(|pair| pair.images).collect();
        assert_eq!(impostor, [[2, 4], [3, 4]]);
        assert_eq!(notable.suspects(), 0);
        let mut none = NotablePairs::new(0);
        none.record(&images[0], &images[4], Some(10));
        assert_eq!((none.worst_impostor().len(), none.suspects()), (0, 1));
    }

    #[test]
    fn two_names_of_one_eye_stand_before_a_false_match() {
        let images = vec![
            image(0, 0, Eye::Left),
            image(1, 0, Eye::Left),
            image(2, 1, Eye::Left),
            image(3, 1, Eye::Right),
            image(4, 2, Eye::Left),
        ];
        let entries: Vec<_> = images
            .iter()
            .enumerate()
            .map(|(k, i)| entry(k, i))
            .collect();
        let mut notable = NotablePairs::new(0);
        notable.record(&images[0], &images[2], Some(300_000));
        for (a, micros) in [(0, 250_000), (1, 200_000)] {
            notable.record(&images[a], &images[4], Some(micros));
        }
        notable.record(&images[3], &images[4], Some(440_000));
        let encoded = EncodedImages {
            tried: 5,
            templates: images,
            refused: Vec::new(),
            failures: BTreeMap::new(),
            times: Vec::new(),
        };
        let mut text = Vec::new();
        notable
            .write_suspects(&encoded, &entries, &mut text)
            .unwrap();
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines,
            [
                SUSPECTS_HEADER,
                "S0,left,2,S2,left,1,2,0.200000,\"1, a.png\",\"4, a.png\"",
                "S0,left,2,S1,left,1,1,0.300000,\"0, a.png\",\"2, a.png\"",
            ]
        );
    }
}

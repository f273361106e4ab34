//! Means, deviations and quantiles, and how far people drawn anew would move them.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Draws of the bootstrap: a standard error is then known to seven per cent.
const DRAWS: u64 = 100;

/// A value and the people it was seen of; twice the same for a value of one person.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observation {
    pub(super) value: f32,
    pub(super) people: [usize; 2],
}

/// Statistic that is computed of a sample.
#[derive(Clone, Copy, Debug)]
pub(super) enum Statistic {
    Mean,
    StandardDeviation,
    Quantile(f32),
}

/// Observations in ascending order.
#[derive(Clone, Debug)]
pub(super) struct Sample(Vec<Observation>);

/// Number of times that each person was drawn, with replacement, from as many people.
struct Draw(Vec<u16>);

impl Draw {
    fn weight(&self, observation: &Observation) -> f64 {
        let times = |person: usize| f64::from(self.0[person]);
        match observation.people {
            [a, b] if a == b => times(a),
            [a, b] => times(a) * times(b),
        }
    }
}

/// The draws of the bootstrap over people (Efron 1979). People are drawn and not
/// observations, because the photographs of one person are alike.
pub(super) struct Bootstrap(Vec<Draw>);

impl Bootstrap {
    pub(super) fn new(people: usize) -> Self {
        let draw = |seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut times = vec![0; people];
            for _ in 0..people {
                times[rng.random_range(0..people)] += 1;
            }
            Draw(times)
        };
        Self((0..DRAWS).map(draw).collect())
    }

    /// Standard error of a statistic of the people's sample.
    pub(super) fn standard_error(&self, statistic: Statistic, sample: &Sample) -> f32 {
        let drawn = self.0.iter().map(|draw| Observation {
            value: sample.weighted(statistic, |o| draw.weight(o)),
            people: [0, 0],
        });
        Sample::new(drawn).of(Statistic::StandardDeviation)
    }
}

impl Sample {
    pub(super) fn new(observations: impl IntoIterator<Item = Observation>) -> Self {
        let mut observations: Vec<Observation> = observations.into_iter().collect();
        observations.sort_by(|a, b| a.value.total_cmp(&b.value));
        Self(observations)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = f32> {
        self.0.iter().map(|observation| observation.value)
    }

    /// A statistic of the sample; zero when it is empty.
    pub(super) fn of(&self, statistic: Statistic) -> f32 {
        self.weighted(statistic, |_| 1.0)
    }

    fn weighted(&self, statistic: Statistic, weight: impl Fn(&Observation) -> f64) -> f32 {
        let total: f64 = self.0.iter().map(&weight).sum();
        if total <= 0.0 {
            return 0.0;
        }
        let mean = |power: &dyn Fn(f64) -> f64| {
            let sum = |o: &Observation| weight(o) * power(f64::from(o.value));
            self.0.iter().map(sum).sum::<f64>() / total
        };
        match statistic {
            Statistic::Mean => mean(&|v| v) as f32,
            Statistic::StandardDeviation => {
                let middle = mean(&|v| v);
                mean(&|v| (v - middle).powi(2)).sqrt() as f32
            }
            Statistic::Quantile(share) => {
                let wanted = f64::from(share) * total;
                let mut below = 0.0;
                let found = self.0.iter().find(|o| {
                    below += weight(o);
                    below > wanted
                });
                found.or(self.0.last()).map_or(0.0, |o| o.value)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(people: usize, each: usize) -> Sample {
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let mut values = Vec::new();
        for person in 0..people {
            let value = orb_sim::normal(&mut rng);
            values.extend((0..each).map(|_| Observation {
                value,
                people: [person; 2],
            }));
        }
        Sample::new(values)
    }

    #[test]
    fn statistics_are_those_of_the_values() {
        let of = |value: u8| Observation {
            value: f32::from(value),
            people: [0; 2],
        };
        let sample = Sample::new((0..=100).rev().map(of));
        let near = |a: f32, b: f32| assert!((a - b).abs() < 1e-3, "{a} {b}");
        near(sample.of(Statistic::Mean), 50.0);
        near(sample.of(Statistic::StandardDeviation), 850.0_f32.sqrt());
        near(sample.of(Statistic::Quantile(0.25)), 25.0);
        near(sample.of(Statistic::Quantile(1.0)), 100.0);
        near(Sample::new([]).of(Statistic::Mean), 0.0);
    }

    #[test]
    fn the_standard_error_counts_people_and_not_their_photographs() {
        let error = |each| {
            let sample = sample(400, each);
            Bootstrap::new(400).standard_error(Statistic::Mean, &sample)
        };
        // One over the root of 400.
        for found in [error(1), error(8)] {
            assert!((found / 0.05 - 1.0).abs() < 0.3, "{found}");
        }
    }
}

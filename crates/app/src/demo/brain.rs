//! A head in a magnet: nested ellipsoids of tissues with a tumour in one hemisphere, as three weightings of one volume.
//!
//! Deliberately absent: anatomy. It is there to have other volumes than teeth.

use sheaf_registry::Result;
use sheaf_registry::progress::Cancel;

use super::head::ellipsoid;
use super::random::{Random, noise, smoothstep};
use super::volume::Volume;

/// What is bright in a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weighting {
    /// Fat and white matter.
    T1,
    /// Water.
    T2,
    /// Water in tissue, not that between it.
    Flair,
}

/// Signal of each tissue.
struct Signals {
    scalp: f32,
    skull: f32,
    fluid: f32,
    grey: f32,
    white: f32,
    oedema: f32,
    tumour: f32,
    core: f32,
}

impl Weighting {
    /// All that a patient gets.
    pub(super) const ALL: [Weighting; 3] = [Weighting::T1, Weighting::T2, Weighting::Flair];

    /// Slug of its modality.
    pub(super) const fn modality(self) -> &'static str {
        match self {
            Weighting::T1 => "braintumor-mri-t1",
            Weighting::T2 => "braintumor-mri-t2",
            Weighting::Flair => "braintumor-mri-flair",
        }
    }

    const fn signals(self) -> Signals {
        let [scalp, skull, fluid, grey, white, oedema, tumour, core] = match self {
            Weighting::T1 => [900.0, 70.0, 140.0, 470.0, 640.0, 420.0, 380.0, 200.0],
            Weighting::T2 => [480.0, 60.0, 1000.0, 560.0, 400.0, 780.0, 690.0, 930.0],
            Weighting::Flair => [520.0, 60.0, 90.0, 540.0, 430.0, 880.0, 760.0, 300.0],
        };
        Signals { scalp, skull, fluid, grey, white, oedema, tumour, core }
    }
}

/// Scans a patient's head: a cube of `size` voxels a side, 220 mm wide.
pub(super) fn scan(seed: u64, patient: u64, weighting: Weighting, size: usize, cancel: &Cancel) -> Result<Volume> {
    let mut random = Random::of(seed, "brain", patient);
    let fold = u32::try_from(random.below(1 << 32)).unwrap_or(0);
    let hemisphere = if random.chance(50) { 1.0 } else { -1.0 };
    let tumour = [hemisphere * random.between(22.0, 38.0), random.between(-40.0, 40.0), random.between(0.0, 38.0)];
    let radius = random.between(9.0, 18.0);
    let signals = weighting.signals();
    let step = 220.0 / spread(size);
    let half = step * spread(size.saturating_sub(1)) / 2.0;
    let mut grain = Random::of(seed, weighting.modality(), patient);
    let mut values = Vec::with_capacity(size * size * size);
    for z in 0..size {
        cancel.check()?;
        for y in 0..size {
            for x in 0..size {
                let at = [x, y, z].map(|index| spread(index) * step - half);
                let signal = tissue(at, tumour, radius, fold, &signals);
                let rough = grain.between(-14.0, 14.0) + grain.between(-14.0, 14.0);
                values.push(round((signal + rough).abs()));
            }
        }
    }
    Ok(Volume { dims: [size; 3], spacing: [step; 3], origin: [-half; 3], values })
}

fn tissue(at: [f32; 3], tumour: [f32; 3], radius: f32, fold: u32, signals: &Signals) -> f32 {
    let [x, y, z] = at;
    let scalp = ellipsoid(at, [0.0, 0.0, 0.0], [78.0, 97.0, 92.0]);
    if scalp > 0.0 {
        return 0.0;
    }
    if scalp > -6.0 {
        return signals.scalp;
    }
    if scalp > -12.0 {
        return signals.skull;
    }
    let wrinkle = 5.0 * noise(fold, x * 0.11, y * 0.11, z * 0.11) + 2.0 * noise(fold, x * 0.3, y * 0.3, z * 0.3);
    let cortex = scalp + 15.0 + wrinkle;
    // Between the hemispheres, and in the ventricles.
    let cleft = if z > 8.0 { x.abs() - 1.2 } else { 9.0 };
    let ventricle = ellipsoid([x.abs(), y, z], [9.0, 2.0, 8.0], [5.0, 26.0, 9.0]);
    if cortex > 0.0 || cleft < 0.0 || ventricle < 0.0 {
        return signals.fluid;
    }
    let healthy = signals.grey + (signals.white - signals.grey) * smoothstep(-3.0, -5.5, cortex.max(-cleft));
    let distance = ellipsoid(at, tumour, [radius; 3]) + 3.0 * noise(fold ^ 1, x * 0.12, y * 0.12, z * 0.12);
    let swollen = signals.oedema + (healthy - signals.oedema) * smoothstep(4.0, 12.0, distance);
    let solid = signals.tumour + (swollen - signals.tumour) * smoothstep(-0.8, 0.8, distance);
    signals.core + (solid - signals.core) * smoothstep(-0.55 * radius, -0.4 * radius, distance)
}

#[expect(clippy::cast_precision_loss, reason = "an index of some hundred voxels")]
const fn spread(index: usize) -> f32 {
    index as f32
}

#[expect(clippy::cast_possible_truncation, reason = "signals are below 2,000")]
const fn round(signal: f32) -> i16 {
    signal.round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn water_is_bright_where_it_should_be() {
        let scan = |weighting| scan(1, 3, weighting, 32, &Cancel::new()).expect("not cancelled");
        let [t1, t2] = [Weighting::T1, Weighting::T2].map(scan);
        let brightest = |volume: &Volume| volume.values.iter().copied().max();
        assert_eq!((t1.values.len(), t1.dims), (32 * 32 * 32, [32; 3]), "a cube");
        assert!(t1.values[0] < 40 && t2.values[0] < 40, "air gives no signal");
        assert_ne!(brightest(&t1), brightest(&t2), "weightings differ");
        assert_eq!(t1.values, scan(Weighting::T1).values, "the same for the same seed");
    }

    #[test]
    fn a_scan_can_be_stopped() {
        let cancel = Cancel::new();
        cancel.raise();
        assert!(scan(1, 1, Weighting::T1, 8, &cancel).is_err(), "nothing is drawn for nobody");
    }
}

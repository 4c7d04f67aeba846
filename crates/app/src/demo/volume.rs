//! A cone-beam scan of a patient's jaws as numbers: the same teeth as in every other picture, in bone, in a face.
//!
//! What is deliberately absent: file formats (see `nifti` and `dicom`) and the physics of a scanner beyond noise, a round
//! field of view and mixed voxels at edges.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "indexes into a grid of some hundred voxels a side, and densities clamped to what a scanner gives"
)]

use sheaf_registry::Result;
use sheaf_registry::progress::Cancel;

use super::anatomy::{Anatomy, Arch, Condition, CurvePoint, Tooth, smooth_max, smooth_min};
use super::head::{ellipsoid, profile};
use super::random::{Random, noise, smoothstep};

/// A grid of densities. x goes to the patient's left and runs fastest, then y to the back, then z up: the axes of DICOM.
#[derive(Clone, Debug)]
pub(super) struct Volume {
    /// Voxels along each axis.
    pub(super) dims: [usize; 3],
    /// Distance of voxels along each axis, mm.
    pub(super) spacing: [f32; 3],
    /// Where the centre of the first voxel is, mm, in DICOM's axes (left, back, up).
    pub(super) origin: [f32; 3],
    /// Density in Hounsfield units.
    pub(super) values: Vec<i16>,
}

impl Volume {
    /// Every `every`-th slice along z, standing where it stood.
    pub(super) fn thinned(&self, every: usize) -> Self {
        let every = every.max(1);
        let values: Vec<i16> = (0..self.dims[2]).step_by(every).flat_map(|z| self.slice(z)).copied().collect();
        Self {
            dims: [self.dims[0], self.dims[1], self.dims[2].div_ceil(every)],
            spacing: [self.spacing[0], self.spacing[1], self.spacing[2] * every as f32],
            origin: self.origin,
            values,
        }
    }

    /// One slice, rows from front to back. Panics if there is no such slice.
    pub(super) fn slice(&self, z: usize) -> &[i16] {
        let area = self.dims[0] * self.dims[1];
        &self.values[z * area..(z + 1) * area]
    }
}

/// Edge of the cube that is scanned, mm.
const FIELD: f32 = 91.2;
/// The middle of the cube in the anatomy's axes.
const CENTRE: [f32; 3] = [0.0, -27.5, -1.0];

const AIR: f32 = -1000.0;
const FAT: f32 = -95.0;
const MUSCLE: f32 = 45.0;
const CANCELLOUS: f32 = 400.0;
const CORTICAL: f32 = 1250.0;
const PULP: f32 = 150.0;
const DENTIN: f32 = 1550.0;
const ENAMEL: f32 = 2500.0;
const METAL: f32 = 3071.0;

/// Scans a patient: a cube of `size` voxels a side (96 gives 0.95 mm).
pub(super) fn cbct(anatomy: &Anatomy, size: usize, seed: u64, cancel: &Cancel) -> Result<Volume> {
    let size = size.max(8);
    let pitch = FIELD / size as f32;
    let first = -FIELD / 2.0 + pitch / 2.0;
    let place = |index: usize| first + index as f32 * pitch;
    let mut field = vec![AIR; size * size * size];
    for iy in 0..size {
        cancel.check()?;
        let y = CENTRE[1] - place(iy);
        for ix in 0..size {
            let x = CENTRE[0] + place(ix);
            if x.hypot(y - CENTRE[1]) > FIELD / 2.0 {
                continue;
            }
            let column = Column::new(anatomy, x, y);
            for iz in 0..size {
                field[(iz * size + iy) * size + ix] = column.density(CENTRE[2] + place(iz), pitch, anatomy.texture);
            }
        }
    }
    for arch in anatomy.arches() {
        for tooth in arch.present() {
            cancel.check()?;
            let reach = tooth.width.max(tooth.depth) * 0.62 + 1.2;
            let down = arch.down();
            let (edge, apex) = (tooth.gum + down * (tooth.crown + 1.0), tooth.gum - down * (tooth.root + 1.0));
            let range = |low: f32, high: f32| {
                let index = |mm: f32| (((mm - first) / pitch).max(0.0) as usize).min(size);
                index(low)..(index(high) + 1).min(size)
            };
            let across = range(tooth.at[0] - reach - CENTRE[0], tooth.at[0] + reach - CENTRE[0]);
            let along = range(CENTRE[1] - tooth.at[1] - reach, CENTRE[1] - tooth.at[1] + reach);
            for iz in range(edge.min(apex) - CENTRE[2], edge.max(apex) - CENTRE[2]) {
                let height = (CENTRE[2] + place(iz) - tooth.gum) * down;
                for iy in along.clone() {
                    let y = CENTRE[1] - place(iy);
                    for ix in across.clone() {
                        let x = CENTRE[0] + place(ix);
                        let (u, v) = tooth.local(x, y);
                        let (density, share) = in_tooth(tooth, u, v, height, pitch);
                        if share > 0.0 && x.hypot(y - CENTRE[1]) < FIELD / 2.0 {
                            let value = &mut field[(iz * size + iy) * size + ix];
                            *value += (density - *value) * share;
                        }
                    }
                }
            }
        }
    }
    let mut random = Random::of(seed, "cbct noise", u64::from(anatomy.texture));
    let mut values = Vec::with_capacity(field.len());
    for plane in field.chunks(size * size) {
        cancel.check()?;
        for value in plane {
            let bits = random.next();
            // Four numbers together fall off to both sides as a scanner's noise does.
            let sum = (bits & 0xff) + (bits >> 8 & 0xff) + (bits >> 16 & 0xff) + (bits >> 24 & 0xff);
            let grain = (sum as f32 - 510.0) * 0.21;
            values.push((value + grain).round().clamp(AIR, METAL) as i16);
        }
    }
    Ok(Volume {
        dims: [size; 3],
        spacing: [pitch; 3],
        origin: [CENTRE[0] + first, -CENTRE[1] + first, CENTRE[2] + first],
        values,
    })
}

/// Density in a tooth and how much of the voxel it fills.
fn in_tooth(tooth: &Tooth, u: f32, v: f32, w: f32, pitch: f32) -> (f32, f32) {
    let filled = |distance: f32| smoothstep(0.5 * pitch, -0.5 * pitch, distance);
    let crown = if w > -1.0 { tooth.crown_distance(u, v, w).max(-w - 0.5) } else { f32::MAX };
    if tooth.condition == Condition::Implant {
        let thread = 0.25 * (w * 5.0).sin();
        let screw = (u.hypot(v) - 2.0 - thread).max(w - 1.0).max(-w - 11.0);
        let (crown, screw) = (filled(crown), filled(screw));
        return if screw > crown { (METAL, screw) } else { (ENAMEL + 200.0, crown) };
    }
    let root = if w < 1.0 { tooth.root_distance(u, v, w - 0.6) } else { f32::MAX };
    let distance = crown.min(root);
    let canal = {
        let part = (w / tooth.crown).clamp(-2.0, 1.0);
        let (wide, deep) = if w > 0.0 {
            let narrow = 1.0 - smoothstep(0.1, 0.55, part);
            (tooth.width * 0.17 * narrow, tooth.depth * 0.17 * narrow)
        } else {
            let narrow = 1.0 + 0.75 * (w / tooth.root).max(-1.0);
            (tooth.width * 0.1 * narrow, tooth.depth * 0.12 * narrow)
        };
        smoothstep(1.3, 0.6, (u / wide.max(0.05)).hypot(v / deep.max(0.05)))
    };
    let shell = smoothstep(-1.5, -0.9, crown) * smoothstep(-0.3, 0.8, w);
    let mut density = DENTIN + (ENAMEL - DENTIN) * shell;
    density += (PULP - density) * canal;
    if tooth.condition == Condition::Filled {
        let top = tooth.top(0.0, 0.0);
        let filling = ellipsoid([u, v, w], [0.0, 0.0, top - 0.4], [tooth.width * 0.3, tooth.depth * 0.28, 2.0]);
        density += (METAL - density) * filled(filling);
    }
    (density, filled(distance))
}

/// What is the same for all heights over one point of the plane.
struct Column {
    at: [f32; 2],
    upper: (CurvePoint, f32),
    lower: (CurvePoint, f32),
    gums: [f32; 2],
    ends: [f32; 2],
    roof: f32,
}

impl Column {
    fn new(anatomy: &Anatomy, x: f32, y: f32) -> Self {
        let end = |arch: &Arch| arch.teeth.last().map_or(50.0, |tooth| tooth.arc + tooth.width / 2.0);
        let (upper, lower) = (anatomy.upper.nearest(x, y), anatomy.lower.nearest(x, y));
        let gums = [anatomy.upper.gum(upper.0.arc), anatomy.lower.gum(lower.0.arc)];
        let roof = anatomy.upper.gum(0.0) + 2.0 + 11.5 * smoothstep(3.0, 18.0, -upper.1);
        Self { at: [x, y], upper, lower, gums, ends: [end(&anatomy.upper), end(&anatomy.lower)], roof }
    }

    /// How far out of the bone of the upper jaw.
    fn maxilla(&self, z: f32) -> f32 {
        let [x, y] = self.at;
        let height = z - self.gums[0];
        let side = (self.upper.1 + 0.1 * height).abs() - (4.4 + 0.13 * height.clamp(0.0, 16.0));
        let ridge = smooth_max(smooth_max(side, 1.4 - height, 2.0), height - 24.0, 3.0)
            .max(self.upper.0.arc.abs() - self.ends[0] - 5.0);
        let plate = ((z - self.roof - 4.2).abs() - 1.3).max(self.upper.1 - 1.0).max(-46.0 - y);
        let walls = ellipsoid([x.abs(), y, z], SINUS.0, SINUS.1).abs() - 0.7;
        let septum = (x.abs() - 0.8).max(self.roof + 4.0 - z).max(-50.0 - y).max(y + 9.0);
        smooth_min(ridge, plate.min(septum), 1.5).min(walls)
    }

    /// How far out of the bone of the lower jaw.
    fn mandible(&self, z: f32) -> f32 {
        let depth = self.gums[1] - z;
        let (arc, outside) = (self.lower.0.arc.abs(), self.lower.1);
        let back = smoothstep(self.ends[1] - 18.0, self.ends[1] + 6.0, arc);
        let middle = 0.09 * depth * (1.0 - back) + 5.0 * back;
        let chin = 2.0 * smoothstep(16.0, 6.0, arc) * smoothstep(14.0, 24.0, depth);
        let side = (outside - middle - 0.4 * chin).abs() - (3.8 + 0.13 * depth.clamp(0.0, 20.0) + chin);
        let body = smooth_max(smooth_max(side, 1.4 - depth, 2.0), depth - 26.5, 5.0).max(arc - self.ends[1] - 4.0);
        let front = self.ends[1] + 3.0 + 0.15 * (z - 5.0).max(0.0);
        let ramus = smooth_max((outside - 5.5).abs() - 3.9, (front - arc).max(-29.0 - z + 0.4 * (arc - front)), 3.0);
        smooth_min(body, ramus, 4.0)
    }

    fn soft(&self, z: f32, texture: u32) -> f32 {
        let [x, y] = self.at;
        let face = 8.0 + (profile(z) - 8.0) * (-(x / 19.0).powi(2)).exp() - 0.013 * x * x;
        let under = y - face;
        if under > 0.0 {
            return AIR;
        }
        let tongue = self.lower.1.max(self.upper.1);
        let slit = (z - self.roof + 1.3).abs() - 0.9;
        let nose = ellipsoid([x.abs() - 6.2, y, z], [0.0, -28.0, self.roof + 17.0], [5.2, 30.0, 11.5]);
        let turbinate = ellipsoid([x.abs(), y, z], [8.0, -30.0, self.roof + 13.0], [3.0, 22.0, 4.0]).min(ellipsoid(
            [x.abs(), y, z],
            [7.5, -32.0, self.roof + 22.0],
            [2.4, 18.0, 3.4],
        ));
        let throat = ellipsoid([x, y], [0.0, -66.0], [12.0, 5.5]);
        if (tongue < -5.0 && slit < 0.0 && y > -58.0) || throat < 0.0 || (nose < 0.0 && turbinate > 0.0) {
            return AIR;
        }
        let sinus = ellipsoid([x.abs(), y, z], SINUS.0, SINUS.1);
        if sinus < 0.0 {
            return AIR + (MUSCLE - AIR) * smoothstep(-1.6, -1.0, sinus);
        }
        let cheek = smoothstep(3.0, 7.0, self.lower.1.min(self.upper.1));
        let streak = noise(texture, x * 0.16, y * 0.16, z * 0.16);
        let fat =
            (cheek * smoothstep(-0.25, 0.25, streak)).max(smoothstep(-6.0, -4.0, under) * smoothstep(-1.4, -2.2, under));
        MUSCLE + 14.0 * streak + (FAT - MUSCLE) * fat
    }

    fn density(&self, z: f32, pitch: f32, texture: u32) -> f32 {
        let soft = self.soft(z, texture);
        let bone = self.maxilla(z).min(self.mandible(z));
        if bone > 0.5 * pitch {
            return soft;
        }
        let [x, y] = self.at;
        let spongy = CANCELLOUS + 230.0 * noise(texture ^ 0x5a5a, x * 0.7, y * 0.7, z * 0.7);
        let hard = CORTICAL + (spongy - CORTICAL) * smoothstep(-1.2, -2.2, bone);
        soft + (hard - soft) * smoothstep(0.5 * pitch, -0.5 * pitch, bone)
    }
}

/// The maxillary sinus of the left side: middle and radii.
const SINUS: ([f32; 3], [f32; 3]) = ([25.0, -36.0, 36.0], [11.5, 15.0, 13.5]);

#[cfg(test)]
mod tests {
    use super::super::anatomy::Traits;
    use super::*;

    fn small(patient: u64) -> Volume {
        cbct(&Anatomy::of(1, patient, Traits::default()), 40, 1, &Cancel::new()).expect("not cancelled")
    }

    #[test]
    fn a_scan_holds_air_tissue_bone_and_teeth() {
        let volume = small(1);
        assert_eq!(volume.values.len(), 40 * 40 * 40, "one value a voxel");
        let share = |low: i16, high: i16| {
            volume.values.iter().filter(|value| (low..high).contains(value)).count() * 1000 / volume.values.len()
        };
        assert!(share(-1000, -700) > 100, "air around the face: {}", share(-1000, -700));
        assert!(share(-200, 200) > 200, "soft tissue: {}", share(-200, 200));
        assert!(share(250, 1400) > 30, "bone: {}", share(250, 1400));
        assert!(share(1400, 3072) > 5, "teeth: {}", share(1400, 3072));
    }

    #[test]
    fn the_same_patient_gives_the_same_scan_and_another_another() {
        assert_eq!(small(1).values, small(1).values, "deterministic");
        assert_ne!(small(1).values, small(2).values, "patients differ");
    }

    #[test]
    fn thinning_keeps_slices_where_they_were() {
        let (volume, thin) = (small(1), small(1).thinned(3));
        assert_eq!(thin.dims, [40, 40, 14], "slices 0, 3, .. 39");
        assert_eq!(thin.slice(2), volume.slice(6), "the third is the seventh");
        assert!((thin.spacing[2] - 3.0 * volume.spacing[2]).abs() < 1e-5, "and they lie farther apart");
    }

    #[test]
    fn a_scan_stops_when_cancelled() {
        let cancel = Cancel::new();
        cancel.raise();
        let anatomy = Anatomy::of(1, 1, Traits::default());
        assert!(cbct(&anatomy, 40, 1, &cancel).is_err(), "nothing is scanned for nobody");
    }
}

//! A person's teeth and jaws as numbers: every scan, volume, photo and radiograph of one patient shows the same ones.
//!
//! Millimetres; x to the patient's left, y to the front, z up; the origin lies on the occlusal plane, in the middle between
//! the upper central incisors. Sizes are textbook averages with a little variation.

use super::random::Random;

/// The shape of a tooth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Morphology {
    /// An edge that cuts.
    Incisor,
    /// One point.
    Canine,
    /// Two cusps.
    Premolar,
    /// Four cusps.
    Molar,
}

/// What a dentist did to a tooth, or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// As it grew.
    Sound,
    /// A dense filling in the crown.
    Filled,
    /// A titanium screw with a crown on it.
    Implant,
    /// Gone.
    Missing,
}

/// One tooth with its own axes: `u` along the arch, `v` to the lips, `w` from the gum to the cutting edge.
#[derive(Clone, Debug)]
pub(super) struct Tooth {
    /// Position in the quadrant: 1 is the central incisor, 8 the wisdom tooth.
    pub(super) position: u8,
    /// Shape.
    pub(super) morphology: Morphology,
    /// State.
    pub(super) condition: Condition,
    /// Centre on the arch.
    pub(super) at: [f32; 2],
    /// Unit vector along the arch.
    pub(super) along: [f32; 2],
    /// Unit vector to the lips or the cheek.
    pub(super) out: [f32; 2],
    /// Distance along the arch from the midline, negative on the patient's right.
    pub(super) arc: f32,
    /// Size along the arch.
    pub(super) width: f32,
    /// Size across the arch.
    pub(super) depth: f32,
    /// Height of the crown.
    pub(super) crown: f32,
    /// Length of the root.
    pub(super) root: f32,
    /// Height of the gum line, as a z.
    pub(super) gum: f32,
}

impl Tooth {
    /// Where a point of the plane is in the tooth's own axes.
    pub(super) fn local(&self, x: f32, y: f32) -> (f32, f32) {
        let (dx, dy) = (x - self.at[0], y - self.at[1]);
        (dx * self.along[0] + dy * self.along[1], dx * self.out[0] + dy * self.out[1])
    }

    /// Height of the chewing surface over the gum line, by the cusps.
    pub(super) fn top(&self, u: f32, v: f32) -> f32 {
        let (half_width, half_depth) = (self.width / 2.0, self.depth / 2.0);
        let bump = |cu: f32, cv: f32| {
            let (du, dv) = ((u - cu * half_width) / (0.42 * half_width), (v - cv * half_depth) / (0.42 * half_depth));
            (-(du * du + dv * dv) * 0.5).exp()
        };
        match self.morphology {
            Morphology::Incisor => self.crown - 0.05 * u * u,
            Morphology::Canine => self.crown - 0.42 * u.abs(),
            Morphology::Premolar => self.crown - 2.3 + 2.3 * bump(0.0, 0.5).max(0.85 * bump(0.0, -0.5)),
            Morphology::Molar => {
                let cheek = bump(-0.48, 0.5).max(bump(0.48, 0.5));
                let tongue = bump(-0.48, -0.5).max(bump(0.48, -0.5));
                self.crown - 2.1 + 2.1 * cheek.max(0.9 * tongue)
            }
        }
    }

    /// Signed distance to the crown, roughly: negative inside.
    pub(super) fn crown_distance(&self, u: f32, v: f32, w: f32) -> f32 {
        let rise = (w / self.crown).clamp(0.0, 1.0);
        let (half_width, half_depth, shift) = match self.morphology {
            Morphology::Incisor | Morphology::Canine => {
                let thin = if self.morphology == Morphology::Canine { 0.62 } else { 0.78 };
                let belly = 1.0 - (1.0 - rise / 0.7).clamp(0.0, 1.0);
                (
                    self.width / 2.0 * (0.84 + 0.16 * belly * (2.0 - belly)),
                    (self.depth / 2.0 * (1.0 - thin * rise)).max(0.7),
                    self.depth / 2.0 * 0.38 * rise,
                )
            }
            Morphology::Premolar | Morphology::Molar => {
                let belly = 4.0 * rise * (1.0 - rise);
                (self.width / 2.0 * (0.88 + 0.12 * belly), self.depth / 2.0 * (0.92 + 0.1 * belly - 0.2 * rise), 0.0)
            }
        };
        let (across, through) = ((u / half_width).powi(2), ((v - shift) / half_depth).powi(2));
        let outline = 0.4 * (across + through).sqrt() + 0.6 * across.hypot(through).sqrt();
        let wall = (outline - 1.0) * half_width.min(half_depth);
        smooth_max(smooth_max(wall, (w - self.top(u, v)) * 0.8, 0.7), -w - 1.2, 1.5)
    }

    /// Signed distance to the root or roots, roughly; `w` is negative there.
    pub(super) fn root_distance(&self, u: f32, v: f32, w: f32) -> f32 {
        let fall = (-w / self.root).clamp(0.0, 1.0);
        let taper = (1.0 - fall * fall).max(0.0).sqrt();
        let (half_width, half_depth) = (self.width / 2.0 * 0.78 * taper, self.depth / 2.0 * 0.85 * taper);
        // Behind the furcation a molar stands on two roots.
        let part = if self.morphology == Morphology::Molar && fall > 0.25 {
            let spread = self.width * 0.26 + 0.9 * (fall - 0.25);
            let (across, through) = ((u.abs() - spread) / (half_width * 0.5).max(0.05), v / half_depth.max(0.05));
            (across.hypot(through) - 1.0) * (half_width * 0.5).min(half_depth).max(0.05)
        } else {
            let (across, through) = (u / half_width.max(0.05), v / half_depth.max(0.05));
            (across.hypot(through) - 1.0) * half_width.min(half_depth).max(0.05)
        };
        part.max(w).max(-w - self.root)
    }
}

/// One dental arch: half an ellipse, going straight back behind the last tooth.
#[derive(Clone, Debug)]
pub(super) struct Arch {
    /// Upper or lower.
    pub(super) upper: bool,
    /// Half the ellipse's width.
    pub(super) half_width: f32,
    /// The ellipse's length to the front.
    pub(super) length: f32,
    /// y of the foremost point.
    pub(super) front: f32,
    /// The teeth from the patient's right to the left, missing ones too.
    pub(super) teeth: Vec<Tooth>,
    curve: Vec<CurvePoint>,
}

/// A point of an arch.
#[derive(Clone, Copy, Debug)]
pub(super) struct CurvePoint {
    /// Where it is.
    pub(super) at: [f32; 2],
    /// Unit vector to the outside.
    pub(super) out: [f32; 2],
    /// Distance along the arch from the midline.
    pub(super) arc: f32,
}

/// Textbook sizes of one tooth, mm.
struct Average(Morphology, f32, f32, f32, f32);

const UPPER: [Average; 8] = [
    Average(Morphology::Incisor, 8.6, 7.2, 10.6, 13.0),
    Average(Morphology::Incisor, 6.7, 6.2, 9.4, 13.0),
    Average(Morphology::Canine, 7.7, 8.1, 10.0, 17.0),
    Average(Morphology::Premolar, 7.1, 9.1, 8.5, 14.0),
    Average(Morphology::Premolar, 6.8, 9.0, 8.2, 14.0),
    Average(Morphology::Molar, 10.3, 11.0, 7.6, 12.5),
    Average(Morphology::Molar, 9.6, 10.8, 7.2, 11.5),
    Average(Morphology::Molar, 8.6, 10.0, 6.5, 10.5),
];

const LOWER: [Average; 8] = [
    Average(Morphology::Incisor, 5.4, 6.0, 8.9, 12.5),
    Average(Morphology::Incisor, 5.9, 6.4, 9.2, 14.0),
    Average(Morphology::Canine, 6.9, 7.7, 10.2, 15.8),
    Average(Morphology::Premolar, 7.1, 7.8, 8.8, 14.2),
    Average(Morphology::Premolar, 7.2, 8.2, 8.2, 14.5),
    Average(Morphology::Molar, 11.2, 10.4, 7.6, 13.8),
    Average(Morphology::Molar, 10.6, 10.2, 7.2, 12.8),
    Average(Morphology::Molar, 10.0, 9.6, 6.6, 11.0),
];

/// What a patient's tags say about the teeth.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traits {
    /// At least one implant.
    pub(super) implant: bool,
    /// Crooked teeth.
    pub(super) crowded: bool,
    /// A small jaw without wisdom teeth.
    pub(super) young: bool,
}

/// Both arches of one patient.
#[derive(Clone, Debug)]
pub(super) struct Anatomy {
    /// Upper arch.
    pub(super) upper: Arch,
    /// Lower arch.
    pub(super) lower: Arch,
    /// For noise that belongs to this patient.
    pub(super) texture: u32,
}

impl Anatomy {
    /// The anatomy of one patient.
    pub(super) fn of(seed: u64, patient: u64, traits: Traits) -> Self {
        let mut random = Random::of(seed, "anatomy", patient);
        let scale = random.between(0.96, 1.05) * if traits.young { 0.93 } else { 1.0 };
        let texture = u32::try_from(random.below(1 << 32)).unwrap_or(0);
        let upper = Arch::new(true, scale, traits, &mut random);
        let lower = Arch::new(false, scale, traits, &mut random);
        Self { upper, lower, texture }
    }

    /// Both arches.
    pub(super) fn arches(&self) -> [&Arch; 2] {
        [&self.upper, &self.lower]
    }
}

impl Arch {
    fn new(upper: bool, scale: f32, traits: Traits, random: &mut Random) -> Self {
        let (half_width, length, front) = if upper { (28.6, 46.0, 0.0) } else { (26.6, 43.5, -3.2) };
        let (half_width, length) = (half_width * scale * random.between(0.97, 1.03), length * scale);
        let curve = trace(half_width, length, front * scale);
        let mut arch = Self { upper, half_width, length, front: front * scale, teeth: Vec::new(), curve };
        let wisdom = !traits.young && random.chance(40);
        let averages = if upper { &UPPER } else { &LOWER };
        let (turn, shift) = if traits.crowded { (0.22, 1.1) } else { (0.06, 0.25) };
        for side in [-1.0_f32, 1.0] {
            // A little less than nothing: rounded corners must not leave a gap in the middle.
            let mut reach = -0.3;
            for (position, average) in (1_u8..).zip(averages) {
                let Average(morphology, width, depth, crown, root) = *average;
                if position == 8 && !wisdom {
                    break;
                }
                let size = scale * random.between(0.97, 1.03);
                let width = width * size;
                let condition = match random.below(100) {
                    0..5 if position > 3 => Condition::Missing,
                    5..10 if position > 3 && traits.implant => Condition::Implant,
                    10..24 if position > 3 => Condition::Filled,
                    _ => Condition::Sound,
                };
                let overlap = match (upper, position) {
                    (true, 1) => 2.4,
                    (true, 2) => 1.6,
                    (true, 3) => 1.4,
                    (false, 4..) => 0.7,
                    _ => 0.9,
                };
                let point = arch.point(side * (reach + width / 2.0));
                let angle = random.between(-turn, turn);
                let (sin, cos) = angle.sin_cos();
                let out = [point.out[0] * cos - point.out[1] * sin, point.out[0] * sin + point.out[1] * cos];
                let off = random.between(-shift, shift) * if position <= 3 { 1.0 } else { 0.5 };
                let crown = crown * size;
                arch.teeth.push(Tooth {
                    position,
                    morphology,
                    condition,
                    at: [point.at[0] + off * out[0], point.at[1] + off * out[1]],
                    along: [-out[1], out[0]],
                    out,
                    arc: point.arc,
                    width,
                    depth: depth * size,
                    crown,
                    root: root * size,
                    gum: if upper { crown - overlap } else { overlap - crown },
                });
                reach += width * if traits.crowded && position < 4 { 0.92 } else { 0.975 };
            }
        }
        if traits.implant
            && upper
            && !arch.teeth.iter().any(|tooth| tooth.condition == Condition::Implant)
            && let Some(tooth) = arch.teeth.iter_mut().find(|tooth| tooth.position == 5)
        {
            tooth.condition = Condition::Implant;
        }
        arch.teeth.sort_by(|a, b| a.arc.total_cmp(&b.arc));
        arch
    }

    /// The direction from the gum to the cutting edge, along z.
    pub(super) fn down(&self) -> f32 {
        if self.upper { -1.0 } else { 1.0 }
    }

    /// Teeth that are there.
    pub(super) fn present(&self) -> impl Iterator<Item = &Tooth> {
        self.teeth.iter().filter(|tooth| tooth.condition != Condition::Missing)
    }

    /// The point at a distance along the arch from the midline; the ends of the drawn curve stand for what is beyond.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index into a curve of some hundred points"
    )]
    pub(super) fn point(&self, arc: f32) -> CurvePoint {
        let last = self.curve.len() - 1;
        let place = ((arc - self.curve[0].arc) / STEP).clamp(0.0, last as f32);
        self.curve[(place.round() as usize).min(last)]
    }

    /// The nearest point of the arch and how far outside of it (x, y) lies (negative: on the tongue's side).
    pub(super) fn nearest(&self, x: f32, y: f32) -> (CurvePoint, f32) {
        let mut best = (f32::INFINITY, self.curve[0]);
        // Coarse, then fine: the curve is smooth, so the nearest point has its coarse neighbour nearby.
        let square = |point: &CurvePoint| (x - point.at[0]).powi(2) + (y - point.at[1]).powi(2);
        let mut coarse = (f32::INFINITY, 0);
        for (index, point) in self.curve.iter().enumerate().step_by(8) {
            let distance = square(point);
            if distance < coarse.0 {
                coarse = (distance, index);
            }
        }
        let from = coarse.1.saturating_sub(8);
        for point in &self.curve[from..(coarse.1 + 9).min(self.curve.len())] {
            let distance = square(point);
            if distance < best.0 {
                best = (distance, *point);
            }
        }
        let point = best.1;
        let outside = (x - point.at[0]) * point.out[0] + (y - point.at[1]) * point.out[1];
        (point, best.0.sqrt().copysign(outside))
    }

    /// Height of the gum line at a distance along the arch, as a z.
    pub(super) fn gum(&self, arc: f32) -> f32 {
        self.along(arc, |tooth| tooth.gum)
    }

    /// A property of the teeth at a distance along the arch, between two teeth in proportion.
    pub(super) fn along(&self, arc: f32, of: impl Fn(&Tooth) -> f32) -> f32 {
        let next = self.teeth.partition_point(|tooth| tooth.arc < arc);
        match (next.checked_sub(1).and_then(|before| self.teeth.get(before)), self.teeth.get(next)) {
            (Some(before), Some(after)) => {
                let part = (arc - before.arc) / (after.arc - before.arc).max(0.01);
                of(before) + (of(after) - of(before)) * part
            }
            (Some(tooth), None) | (None, Some(tooth)) => of(tooth),
            (None, None) => 0.0,
        }
    }
}

/// Distance between two points of the curve.
const STEP: f32 = 0.5;

/// The curve from the patient's right to the left, a point every [`STEP`], with straight ends of 45 mm.
fn trace(half_width: f32, length: f32, front: f32) -> Vec<CurvePoint> {
    let mut left = Vec::new();
    let (mut angle, mut arc) = (0.0_f32, 0.0_f32);
    while angle < std::f32::consts::FRAC_PI_2 {
        let (sin, cos) = angle.sin_cos();
        let normal = [sin / half_width, cos / length];
        let size = normal[0].hypot(normal[1]);
        left.push(CurvePoint {
            at: [half_width * sin, front + length * (cos - 1.0)],
            out: [normal[0] / size, normal[1] / size],
            arc,
        });
        angle += STEP / (half_width * cos).hypot(length * sin);
        arc += STEP;
    }
    for _ in 0..90 {
        let last = left[left.len() - 1];
        left.push(CurvePoint { at: [half_width, last.at[1] - STEP], out: [1.0, 0.0], arc });
        arc += STEP;
    }
    let mirrored = left.iter().skip(1).rev().map(|point| CurvePoint {
        at: [-point.at[0], point.at[1]],
        out: [-point.out[0], point.out[1]],
        arc: -point.arc,
    });
    mirrored.chain(left.iter().copied()).collect()
}

/// The larger of two distances with a rounded edge of `radius`.
pub(super) fn smooth_max(a: f32, b: f32, radius: f32) -> f32 {
    let near = (radius - (a - b).abs()).max(0.0) / radius;
    a.max(b) + near * near * radius * 0.25
}

/// The smaller of two distances with a filled edge of `radius`.
pub(super) fn smooth_min(a: f32, b: f32, radius: f32) -> f32 {
    -smooth_max(-a, -b, radius)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arch_is_symmetric_and_its_teeth_touch() {
        let anatomy = Anatomy::of(1, 1, Traits::default());
        for arch in anatomy.arches() {
            assert!(arch.teeth.len() >= 14, "seven teeth a side at least");
            for pair in arch.teeth.windows(2) {
                let gap = pair[1].arc - pair[0].arc - f32::midpoint(pair[0].width, pair[1].width);
                assert!(gap.abs() < 1.0, "neighbours neither overlap nor gape by a millimetre: {gap}");
            }
            let (point, outside) = arch.nearest(0.0, arch.front + 4.0);
            assert!(point.arc.abs() < 0.6 && (outside - 4.0).abs() < 0.1, "in front of the midline is outside");
            assert!(arch.nearest(0.0, arch.front - 4.0).1 < 0.0, "behind it is inside");
        }
    }

    #[test]
    fn tags_show_in_the_teeth() {
        let implants = |traits| {
            let anatomy = Anatomy::of(1, 3, traits);
            anatomy.arches().iter().flat_map(|arch| arch.present()).filter(|t| t.condition == Condition::Implant).count()
        };
        assert!(implants(Traits { implant: true, ..Traits::default() }) > 0, "an implant patient has one");
        assert_eq!(implants(Traits::default()), 0, "others have none");
    }

    #[test]
    fn a_crown_is_solid_inside_and_ends_at_its_edge() {
        let anatomy = Anatomy::of(1, 2, Traits::default());
        for tooth in anatomy.upper.teeth.iter().chain(&anatomy.lower.teeth) {
            assert!(tooth.crown_distance(0.0, 0.0, tooth.crown * 0.3) < 0.0, "inside");
            assert!(tooth.crown_distance(0.0, 0.0, tooth.crown + 1.0) > 0.0, "above");
            assert!(tooth.crown_distance(tooth.width, 0.0, 2.0) > 0.0, "beside");
            assert!(tooth.root_distance(0.0, 0.0, -1.0) < 0.0, "root under the crown");
            assert!(tooth.root_distance(0.0, 0.0, -tooth.root - 1.0) > 0.0, "and it ends");
        }
    }
}

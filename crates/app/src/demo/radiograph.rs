//! Panoramic and lateral (cephalometric) radiographs: how much the rays meet on their way through the anatomy, as PNG.
//!
//! Teeth are those of the anatomy; bone and tissue are drawn as shadows of their outlines. What is deliberately absent: the
//! geometry of a real machine.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "positions in a picture of some hundred pixels a side, and brightness clamped to a byte"
)]

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, Error, Result};

use super::anatomy::{Anatomy, Arch, Condition, Tooth, smooth_max, smooth_min};
use super::head::{ellipsoid, polygon, profile, strand};
use super::random::{Random, noise, smoothstep};

/// The jaws rolled out along the arch, patient's right on the left: 1000 × 500 pixels.
pub(super) fn panoramic(anatomy: &Anatomy, seed: u64, cancel: &Cancel) -> Result<Vec<u8>> {
    let mut film = Film::new([1000, 500], 5.0, [-100.0, 60.0]);
    let mut random = Random::of(seed, "panoramic", u64::from(anatomy.texture));
    film.expose(cancel, |a, z| rolled_out(anatomy, a, z))?;
    for arch in anatomy.arches() {
        for tooth in arch.present() {
            cancel.check()?;
            // Roots lean back, lower molars most.
            let back = tooth.arc.signum();
            let lean = random.between(0.02, 0.1) + if !arch.upper && tooth.position > 5 { 0.14 } else { 0.0 };
            let lift = smile(tooth.arc);
            let reach = tooth.width / 2.0 + 6.0;
            film.cast(tooth, arch, [tooth.arc - reach, tooth.arc + reach], lift, |a, w| {
                let u = a - tooth.arc + back * lean * w;
                let half = tooth.depth * 0.75;
                (0..9).fold(0.0, |sum, step| {
                    let v = (step as f32 / 4.0 - 1.0) * half;
                    sum + hardness(tooth, -u, v, w) * half / 4.5
                })
            });
        }
    }
    film.letter('L', [880, 40]);
    film.develop(&Look { haze: 0.03, contrast: 0.072, grain: 3.2, edge: 0.7 }, &mut random, cancel)
}

/// The head from the side, facing right, with the cephalostat's ring at the ear: 600 × 700 pixels.
pub(super) fn teleradiography(anatomy: &Anatomy, seed: u64, cancel: &Cancel) -> Result<Vec<u8>> {
    let mut film = Film::new([600, 700], 3.1, [-150.0, 148.0]);
    let mut random = Random::of(seed, "teleradiography", u64::from(anatomy.texture));
    film.expose(cancel, |y, z| from_the_side(anatomy, y, z))?;
    for arch in anatomy.arches() {
        for tooth in arch.present() {
            cancel.check()?;
            let reach = tooth.width.max(tooth.depth) * 0.75;
            // Front teeth stand out to the lips.
            let lean = if tooth.position <= 3 { 0.36 * tooth.out[1] } else { 0.0 };
            let span = [tooth.at[1] - reach - lean * tooth.root - 1.0, tooth.at[1] + reach + 1.0 + lean * tooth.crown];
            film.cast(tooth, arch, span, 0.0, |y, w| {
                (0..9).fold(0.0, |sum, step| {
                    let x = tooth.at[0] + (step as f32 / 4.0 - 1.0) * reach;
                    let (u, v) = tooth.local(x, y - lean * w);
                    sum + hardness(tooth, u, v, w) * reach / 4.5
                }) * 0.62
            });
        }
    }
    film.letter('R', [40, 40]);
    film.develop(&Look { haze: 0.0, contrast: 0.039, grain: 2.6, edge: 0.9 }, &mut random, cancel)
}

/// How much a millimetre of a tooth takes from a ray, in millimetres of bone; 0 beside it.
fn hardness(tooth: &Tooth, u: f32, v: f32, w: f32) -> f32 {
    let crown = if w > -0.5 { tooth.crown_distance(u, v, w).max(-w - 0.5) } else { f32::MAX };
    if tooth.condition == Condition::Implant {
        let screw = (u.hypot(v) - 1.9 - 0.3 * (w * 4.5).sin()).max(w - 1.5).max(-w - 11.0);
        return if screw < 0.0 {
            9.0
        } else if crown < 0.0 {
            4.0
        } else {
            0.0
        };
    }
    let root = if w < 1.0 { tooth.root_distance(u, v, w - 0.6) } else { f32::MAX };
    if crown.min(root) > 0.0 {
        return 0.0;
    }
    if tooth.condition == Condition::Filled {
        let top = tooth.top(0.0, 0.0) - 0.3;
        if ellipsoid([u, v, w], [0.0, 0.0, top], [tooth.width * 0.3, tooth.depth * 0.3, 2.2]) < 0.0 {
            return 11.0;
        }
    }
    let narrow = if w > 0.0 { 1.0 - smoothstep(0.1, 0.5, w / tooth.crown) } else { 0.62 + 0.4 * (w / tooth.root).max(-1.0) };
    let hollow = (u / (tooth.width * 0.15 * narrow).max(0.05)).hypot(v / (tooth.depth * 0.3 * narrow).max(0.05));
    if hollow < 1.0 {
        0.3
    } else if crown < 0.0 && crown > -1.2 && w > 0.2 {
        3.4
    } else {
        2.1
    }
}

/// How much higher the teeth at the ends of the arch appear: the patient bows to the machine.
fn smile(arc: f32) -> f32 {
    9.0 * (arc / 70.0).powi(2)
}

/// What a ray of the panoramic meets beside teeth, at a distance along the arch and a height.
fn rolled_out(anatomy: &Anatomy, a: f32, z: f32) -> f32 {
    let side = a.abs();
    let level = z - smile(a.clamp(-75.0, 75.0));
    let texture = anatomy.texture;
    let trabecula = noise(texture, a * 0.55, z * 0.55, 0.0) + 0.6 * noise(texture, a * 1.3, z * 1.3, 7.0);
    // Bone with a bright rim, as far as a ray runs along its surface.
    let bone = |distance: f32, rim: f32| {
        let within = smoothstep(0.6, -0.6, distance);
        within * (7.5 + 1.3 * trabecula) + rim * band(distance + 1.3, 1.1)
    };

    let crest = anatomy.lower.gum(a) - 1.6 - 1.0 * smoothstep(52.0, 66.0, side);
    let floor = -36.5 + 3.0 * smoothstep(6.0, 30.0, side) - 1.0 * smoothstep(24.0, 50.0, side);
    let body = smooth_max(smooth_max(level - crest, floor - level, 3.0), side - 80.0, 6.0);
    let ramus =
        [[62.0, -22.0], [70.0, -26.5], [76.0, -25.0], [82.0, -17.0], [85.0, -4.0], [87.0, 20.0], [70.0, 20.0], [66.0, 0.0]];
    let ramus = polygon(&ramus, [side, z]) - 4.0;
    let condyle = strand(&[[84.0, 18.0, 7.0], [88.0, 37.0, 3.6], [88.5, 42.0, 5.4]], [side, z]);
    let coronoid = strand(&[[71.0, 16.0, 8.0], [68.5, 30.0, 5.0], [67.5, 42.0, 1.8]], [side, z]);
    let mandible = smooth_min(smooth_min(smooth_min(body, ramus, 6.0), condyle, 4.0), coronoid, 4.0);
    let canal = strand(
        &[[76.0, 6.0, 1.5], [72.0, -9.0, 1.5], [60.0, -19.0, 1.5], [46.0, -24.0, 1.5], [36.0, -22.0, 1.6]],
        [side, level],
    );

    let top = anatomy.upper.gum(a) + 1.6;
    let maxilla = smooth_max(top - level, side - 63.0, 5.0);
    let sinus = smooth_max(ellipsoid([side, level], [40.0, 34.0], [22.0, 16.0]), 20.0 - level, 2.0);
    let nose = ellipsoid([side, z], [8.5, 38.0], [7.5, 15.0]);
    let palate = band(z - 24.0 - 0.0012 * side * side, 1.0) * smoothstep(60.0, 40.0, side);
    let orbit = ellipsoid([side, z], [40.0, 72.0], [24.0, 22.0]);
    let zygoma = strand(&[[52.0, 31.0, 4.0], [62.0, 38.0, 3.6], [80.0, 47.0, 2.6], [97.0, 50.0, 3.0]], [side, z]);
    let temporal = ellipsoid([side, z], [99.0, 60.0], [20.0, 12.5]);

    let mut met = 9.5 + 1.6 * noise(texture ^ 9, a * 0.05, z * 0.05, 1.0);
    met += bone(mandible, 6.5);
    met -= 3.2 * smoothstep(0.5, -0.5, canal) - 1.7 * band(canal, 0.6);
    met += bone(maxilla, 2.0) * (0.85 - 0.55 * smoothstep(20.0, 44.0, level));
    met -= 5.2 * smoothstep(0.8, -0.8, sinus) - 3.4 * band(sinus, 0.8);
    met -= 5.5 * smoothstep(0.8, -0.8, nose) - 2.2 * band(nose, 0.9);
    met += 3.6 * smoothstep(1.8, 0.4, side) * smoothstep(24.0, 28.0, z) + 5.0 * palate;
    met += 5.5 * band(orbit, 1.6) - 2.5 * smoothstep(0.5, -1.5, orbit);
    met += bone(zygoma, 2.4) * 0.4 + bone(temporal, 3.0) * 0.8;
    // The spine's shadow in the middle, the air over the tongue, the throat behind the jaw.
    met += 5.5 * (-(side / 17.0).powi(2)).exp();
    met -= 6.0 * band(level - 14.0 - 0.1 * side, 3.2) * smoothstep(12.0, 30.0, side) * smoothstep(90.0, 60.0, side);
    met -= 5.0 * band(side - 82.0 + 0.25 * z, 5.5) * smoothstep(20.0, -5.0, z);
    met -= 3.0 * band(level + 0.3, 1.2) * smoothstep(70.0, 55.0, side);
    met -= 7.0 * smoothstep(-38.0, -46.0, level - floor - 36.0);
    // Neck vertebrae at the edges.
    let vertebra = (z * 0.34).sin();
    met += smoothstep(94.0, 99.0, side) * smoothstep(30.0, 15.0, z) * (6.0 + 2.5 * vertebra);
    met.max(0.5)
}

/// What a ray of the lateral picture meets beside teeth, at a place to the front and a height.
fn from_the_side(anatomy: &Anatomy, y: f32, z: f32) -> f32 {
    let texture = anatomy.texture;
    // A ray through an ellipsoid of half a depth of 1, 0 beside it.
    let chord = |radii: [f32; 2]| (1.0 - ((y + 78.0) / radii[0]).powi(2) - ((z - 74.0) / radii[1]).powi(2)).max(0.0).sqrt();

    // Soft tissue: the scalp, and the face and neck behind their profile.
    let front = y - profile(z);
    let face = front.max(-118.0 - 0.1 * z - y).max(z - 90.0);
    let neck = front.max(-128.0 + 0.12 * (z + 20.0) - y).max(z - 40.0);
    let depth = |distance: f32, full: f32| full * (1.0 - (-(-distance).max(0.0) / 8.0).exp());
    let mut met = depth(face, 24.0).max(depth(neck, 23.0)).max(28.0 * chord([95.0, 74.0]));
    // The skull cap: what an outer shell has more than an inner one, and the brain's marks on it.
    let skull = (chord([90.0, 69.0]) * 70.0 - chord([84.5, 63.5]) * 66.0).max(0.0);
    let marks = if skull > 0.0 { 1.0 + 0.16 * noise(texture, y * 0.07, z * 0.07, 9.0) } else { 1.0 };
    met += 0.85 * skull * marks * smoothstep(14.0, 40.0, z + 0.25 * (-y - 60.0).max(0.0));
    // The rest lies where a face is.
    if z < 88.0 && y > -142.0 && front < 1.0 {
        let grain = noise(texture, y * 0.4, z * 0.4, 3.0) + 0.6 * noise(texture, y * 0.9, z * 0.9, 5.0);
        if z > 5.0 {
            met += skull_base([y, z], grain) + midface([y, z], grain);
        }
        if z < 46.0 {
            met += lower_face([y, z], grain);
        }
        if y < -80.0 && z < 2.0 {
            met += spine([y, z], grain);
        }
    }
    met = met.max(0.0);
    // The ear rod's ring and a rule in front of the forehead.
    let ear = (y + 86.0).hypot(z - 40.0);
    met += 46.0 * band(ear - 4.6, 0.8) + 60.0 * smoothstep(1.4, 0.9, ear);
    let tick = if (z - 60.0).rem_euclid(10.0) < 0.7 { 6.0 } else { 1.0 };
    if (70.0..=130.7).contains(&z) && (30.0..30.0 + tick).contains(&y) {
        met += 40.0;
    }
    met
}

/// From the side: front fossa, sella and clivus; behind them the temporal bone around the ear.
fn skull_base(at: [f32; 2], grain: f32) -> f32 {
    let sella = [[-58.0, 66.5, 0.8], [-60.0, 58.0, 0.8], [-66.0, 56.5, 0.9], [-71.0, 60.0, 0.9], [-71.5, 66.0, 1.0]];
    let base = strand(&[[2.0, 66.0, 0.4], [-22.0, 68.0, 0.9], [-52.0, 64.0, 1.0], [-58.0, 66.5, 0.9]], at)
        .min(strand(&sella, at))
        .min(strand(&[[-72.0, 65.0, 1.0], [-80.0, 46.0, 2.4], [-87.0, 30.0, 1.8]], at));
    let temporal =
        polygon(&[[-74.0, 46.0], [-84.0, 52.0], [-100.0, 48.0], [-104.0, 36.0], [-98.0, 27.0], [-88.0, 36.0]], at);
    let cells = ellipsoid(at, [-101.0, 33.0], [7.0, 10.0]);
    11.0 * smoothstep(0.8, -0.6, base) + 13.0 * smoothstep(7.5, 1.0, temporal) * (1.0 + 0.12 * grain)
        - 5.0 * smoothstep(2.0, -3.0, cells) * (0.6 + 0.6 * grain)
}

/// From the side: forehead with its sinus, nasal bone, orbits and cheek bones (two, not quite one behind the other), upper
/// jaw with its sinus, palate from spine to spine, the drop behind it.
fn midface(at: [f32; 2], grain: f32) -> f32 {
    let [y, z] = at;
    let forehead = [[6.0, 84.0, 1.6], [6.5, 74.0, 2.2], [2.0, 66.0, 2.2], [7.0, 56.0, 1.2], [13.0, 45.0, 0.4]];
    let mut met = 9.0 * smoothstep(1.2, -0.8, strand(&forehead, at));
    met -= 6.0 * smoothstep(0.8, -0.8, ellipsoid(at, [3.0, 77.0], [2.6, 8.0]));
    for shift in [0.0, 2.6] {
        let orbit = ellipsoid(at, [-19.0 + shift, 51.0 + 0.5 * shift], [15.0, 14.5]);
        met += 5.0 * band(orbit, 0.9) * smoothstep(-2.0, -14.0, y);
        let cheek = [[-9.0, 44.0, 1.0], [-12.0, 32.0, 2.2], [-18.0, 22.0, 1.0], [-22.0, 36.0, 0.8]];
        met += 4.5 * smoothstep(0.8, -0.8, strand(&cheek, [y - shift, z - 0.4 * shift]));
    }
    let maxilla =
        [[-2.5, 10.0], [-6.0, 16.0], [2.0, 23.0], [-4.0, 26.0], [-9.0, 40.0], [-42.0, 40.0], [-48.0, 24.0], [-45.0, 9.0]];
    let maxilla = polygon(&maxilla, at);
    met += shadow(maxilla, 8.0, 1.2, grain) * smoothstep(44.0, 30.0, z);
    met -= 5.0 * smoothstep(2.0, -2.0, ellipsoid(at, [-27.0, 35.0], [15.5, 9.0]));
    let palate = [[4.0, 23.0, 0.5], [-6.0, 23.5, 1.4], [-30.0, 24.5, 0.9], [-50.0, 24.0, 0.7]];
    met += 9.0 * smoothstep(0.6, -0.6, strand(&palate, at));
    met + 5.0 * band(ellipsoid(at, [-52.0, 37.0], [3.2, 10.0]), 0.7)
}

/// From the side: the lower jaw twice (the half nearer to the source is larger), the tongue bone, and the air in the throat
/// and over the tongue.
fn lower_face(at: [f32; 2], grain: f32) -> f32 {
    let [y, z] = at;
    let mut met = 0.0;
    for (size, drop) in [(1.0, 0.0), (1.045, 0.6)] {
        // The place in the jaw of average size.
        let own = [(y + 30.0) / size - 30.0, (z + drop) / size];
        met += shadow(polygon(&JAW, own) - 1.0, 6.5, 3.6, grain);
        let canal = [[-68.0, 4.0, 1.0], [-62.0, -12.0, 1.0], [-44.0, -24.0, 1.0], [-26.0, -27.0, 1.0]];
        met -= 1.4 * smoothstep(0.8, -0.6, strand(&canal, own));
    }
    // The chin is thick.
    met += 6.0 * smoothstep(6.0, -8.0, ellipsoid(at, [-10.0, -35.0], [7.0, 10.0]));
    met += shadow(strand(&[[-48.0, -52.0, 2.6], [-66.0, -46.0, 1.2]], at), 9.0, 1.0, grain);
    let throat = [
        [-62.0, 34.0, 6.0],
        [-74.0, 16.0, 5.5],
        [-79.0, -8.0, 4.5],
        [-78.0, -32.0, 5.0],
        [-75.0, -52.0, 4.5],
        [-73.0, -80.0, 6.0],
    ];
    met -= 10.0 * smoothstep(3.0, -3.0, strand(&throat, at));
    met - 4.0 * band(strand(&[[-10.0, 13.5, 0.0], [-30.0, 19.0, 0.0], [-56.0, 16.0, 0.0]], at).max(0.0), 1.6)
}

/// From the side: atlas, axis with its tooth, two more vertebrae.
fn spine(at: [f32; 2], grain: f32) -> f32 {
    let [y, z] = at;
    let mut met = shadow(strand(&[[-99.0, -22.0, 4.5], [-98.0, -8.0, 2.8]], at), 8.0, 2.5, grain);
    for (low, wide, tall) in [(-10.0, 6.0, 5.0), (-30.0, 8.4, 6.6), (-47.0, 8.4, 6.6), (-64.0, 8.6, 6.6)] {
        let back = -100.0 + 0.13 * (low + 10.0);
        let waist = wide - 1.2 + 1.2 * ((z - low) / tall).powi(2);
        let block = smooth_max((y - back - 0.12 * (z - low)).abs() - waist, (z - low).abs() - tall, 4.0);
        met += shadow(block, 11.0, 4.0, grain);
        met += shadow(
            strand(&[[back - 8.0, low, 3.4], [back - 18.0, low - 3.0, 3.0], [back - 30.0, low - 7.0, 2.4]], at),
            6.0,
            1.6,
            grain,
        );
    }
    met
}

/// 1 on an outline, falling to both sides.
fn band(distance: f32, width: f32) -> f32 {
    if distance.abs() > 3.0 * width { 0.0 } else { (-(distance / width).powi(2)).exp() }
}

/// A bone of a thickness with a brighter rim, as far as a ray runs along its surface.
fn shadow(distance: f32, inner: f32, rim: f32, grain: f32) -> f32 {
    smoothstep(0.5, -0.7, distance) * inner * (1.0 + 0.09 * grain) + rim * band(distance + 1.0, 0.9)
}

/// The lower jaw from the side.
const JAW: [[f32; 2]; 19] = [
    [-7.0, -11.0],
    [-11.0, -22.0],
    [-5.0, -31.0],
    [-3.5, -38.0],
    [-8.0, -43.5],
    [-20.0, -43.0],
    [-44.0, -37.0],
    [-60.0, -32.0],
    [-68.0, -28.0],
    [-74.0, -21.0],
    [-77.0, -9.0],
    [-82.0, 22.0],
    [-86.0, 33.0],
    [-80.0, 35.0],
    [-75.0, 22.0],
    [-70.0, 20.0],
    [-62.0, 29.0],
    [-55.0, 8.0],
    [-48.0, -9.0],
];

/// How a film is shown.
struct Look {
    /// Brightness of what is empty.
    haze: f32,
    /// How fast brightness grows with what a ray meets.
    contrast: f32,
    /// Noise, in steps of 256.
    grain: f32,
    /// Brightness left in the corners.
    edge: f32,
}

/// What the rays met, in millimetres of bone, pixel by pixel.
struct Film {
    size: [usize; 2],
    /// Pixels a millimetre.
    scale: f32,
    /// What the upper left corner shows: millimetres to the right and up.
    corner: [f32; 2],
    met: Vec<f32>,
}

impl Film {
    fn new(size: [usize; 2], scale: f32, corner: [f32; 2]) -> Self {
        Self { size, scale, corner, met: vec![0.0; size[0] * size[1]] }
    }

    fn right(&self, column: usize) -> f32 {
        self.corner[0] + column as f32 / self.scale
    }

    fn up(&self, row: usize) -> f32 {
        self.corner[1] - row as f32 / self.scale
    }

    /// Asks for every pixel what its ray meets.
    fn expose(&mut self, cancel: &Cancel, met: impl Fn(f32, f32) -> f32) -> Result<()> {
        for row in 0..self.size[1] {
            cancel.check()?;
            for column in 0..self.size[0] {
                self.met[row * self.size[0] + column] += met(self.right(column), self.up(row));
            }
        }
        Ok(())
    }

    /// Adds a tooth: `met` says what a ray meets at a place to the right and a height over the gum line. `span` is where it
    /// stands, `lift` how much higher than in the mouth.
    fn cast(&mut self, tooth: &Tooth, arch: &Arch, span: [f32; 2], lift: f32, met: impl Fn(f32, f32) -> f32) {
        let ends = [tooth.gum + arch.down() * (tooth.crown + 1.0), tooth.gum - arch.down() * (tooth.root + 2.0)];
        let [top, bottom] = [ends[0].max(ends[1]) + lift, ends[0].min(ends[1]) + lift];
        let index = |mm: f32, end: usize| ((mm * self.scale).max(0.0) as usize).min(end);
        let columns = index(span[0] - self.corner[0], self.size[0])..index(span[1] - self.corner[0], self.size[0]);
        let rows = index(self.corner[1] - top, self.size[1])..index(self.corner[1] - bottom, self.size[1]);
        for row in rows {
            for column in columns.clone() {
                let w = (self.up(row) - lift - tooth.gum) * arch.down();
                self.met[row * self.size[0] + column] += met(self.right(column), w);
            }
        }
    }

    /// A lead letter beside the patient, 24 pixels high.
    fn letter(&mut self, letter: char, at: [usize; 2]) {
        let rows: [u8; 7] = match letter {
            'L' => [0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b11111],
            _ => [0b11110, 0b10001, 0b10001, 0b11110, 0b10100, 0b10010, 0b10001],
        };
        for (row, bits) in rows.into_iter().enumerate() {
            for column in (0..5).filter(|column| bits >> (4 - column) & 1 == 1) {
                for pixel in 0..16 {
                    let (x, y) = (at[0] + column * 4 + pixel % 4, at[1] + row * 4 + pixel / 4);
                    self.met[y * self.size[0] + x] += 60.0;
                }
            }
        }
    }

    /// Makes the picture: brighter where more was met, with the noise of an exposure.
    fn develop(&self, look: &Look, random: &mut Random, cancel: &Cancel) -> Result<Vec<u8>> {
        let [width, height] = self.size;
        let mut pixels = Vec::with_capacity(width * height);
        for row in 0..height {
            cancel.check()?;
            let down = row as f32 / height as f32 * 2.0 - 1.0;
            for column in 0..width {
                let across = column as f32 / width as f32 * 2.0 - 1.0;
                let met = self.met[row * width + column];
                let light = 1.0 - (-met * look.contrast).exp();
                let light = look.haze + (1.0 - look.haze) * light * light * (1.6 - 0.6 * light);
                let corner = 1.0 - (1.0 - look.edge) * smoothstep(0.7, 1.9, across * across + down * down);
                let bits = random.next();
                let sum = (bits & 0xff) + (bits >> 8 & 0xff) + (bits >> 16 & 0xff) + (bits >> 24 & 0xff);
                let grain = (sum as f32 - 510.0) / 148.0 * look.grain;
                pixels.push((light * corner * 248.0 + grain).round().clamp(0.0, 255.0) as u8);
            }
        }
        let mut png = Vec::new();
        PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::Adaptive)
            .write_image(&pixels, width as u32, height as u32, ExtendedColorType::L8)
            .map_err(|error| Error::new(Code::Internal, "A radiograph of the demo could not be encoded.").cause(error))?;
        Ok(png)
    }
}

#[cfg(test)]
mod tests {
    use super::super::anatomy::Traits;
    use super::*;

    type Picture = fn(&Anatomy, u64, &Cancel) -> Result<Vec<u8>>;

    fn taken(picture: Picture, patient: u64) -> Vec<u8> {
        picture(&Anatomy::of(1, patient, Traits::default()), 1, &Cancel::new()).expect("not cancelled")
    }

    #[test]
    fn radiographs_are_grey_pictures_with_something_on_them() {
        for (picture, size) in [(panoramic as Picture, (1000, 500)), (teleradiography, (600, 700))] {
            let decoded = image::load_from_memory(&taken(picture, 1)).expect("a valid PNG");
            assert_eq!((decoded.width(), decoded.height()), size, "size");
            assert_eq!(decoded.color(), image::ColorType::L8, "grey");
            let mut pixels = decoded.into_luma8().into_raw();
            pixels.sort_unstable();
            let (dark, bright) = (pixels[pixels.len() / 20], pixels[pixels.len() * 19 / 20]);
            assert!(bright > dark + 80, "from dark to bright: {dark} to {bright}");
        }
    }

    #[test]
    fn the_same_patient_gives_the_same_picture_and_another_another() {
        for picture in [panoramic as Picture, teleradiography] {
            assert_eq!(taken(picture, 1), taken(picture, 1), "deterministic");
            assert_ne!(taken(picture, 1), taken(picture, 2), "patients differ");
        }
    }

    #[test]
    fn a_picture_stops_when_cancelled() {
        let cancel = Cancel::new();
        cancel.raise();
        for picture in [panoramic as Picture, teleradiography] {
            assert!(picture(&Anatomy::of(1, 1, Traits::default()), 1, &cancel).is_err(), "nothing is taken of nobody");
        }
    }
}

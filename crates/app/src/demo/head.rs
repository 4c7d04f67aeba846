//! What is around the teeth: the outline of the face and of the bones, for the volume and the radiographs.
//!
//! What is deliberately absent: how dense anything is; each picture says that for itself.

use super::random::smoothstep;

/// The face in profile from the neck to the crown: (z, y), mm.
const PROFILE: [(f32, f32); 15] = [
    (-80.0, -50.0),
    (-58.0, -42.0),
    (-50.0, -20.0),
    (-45.0, 0.0),
    (-35.0, 9.5),
    (-26.0, 8.5),
    (-18.0, 6.5),
    (-8.0, 12.5),
    (0.0, 11.0),
    (9.0, 15.0),
    (21.0, 13.0),
    (33.0, 28.0),
    (60.0, 7.5),
    (76.0, 11.0),
    (112.0, 3.0),
];

/// How far the face reaches to the front at a height, in the middle.
pub(super) fn profile(z: f32) -> f32 {
    let next = PROFILE.partition_point(|(height, _)| *height < z);
    match (next.checked_sub(1).and_then(|before| PROFILE.get(before)), PROFILE.get(next)) {
        (Some((low, from)), Some((high, to))) => from + (to - from) * smoothstep(*low, *high, z),
        (Some((low, y)), None) => y - 0.004 * (z - low).powi(2) - 0.2 * (z - low),
        (None, Some((_, y))) => *y,
        (None, None) => 0.0,
    }
}

/// Signed distance to a polygon in the plane: negative inside.
pub(super) fn polygon(corners: &[[f32; 2]], at: [f32; 2]) -> f32 {
    let (mut nearest, mut inside) = (f32::INFINITY, false);
    let mut a = corners.last().copied().unwrap_or([0.0; 2]);
    for &b in corners {
        let (edge, to) = ([b[0] - a[0], b[1] - a[1]], [at[0] - a[0], at[1] - a[1]]);
        let length = (edge[0] * edge[0] + edge[1] * edge[1]).max(1e-6);
        let part = ((to[0] * edge[0] + to[1] * edge[1]) / length).clamp(0.0, 1.0);
        let (dx, dy) = (to[0] - edge[0] * part, to[1] - edge[1] * part);
        nearest = nearest.min(dx * dx + dy * dy);
        if (a[1] > at[1]) != (b[1] > at[1]) && to[0] < edge[0] * to[1] / edge[1] {
            inside = !inside;
        }
        a = b;
    }
    if inside { -nearest.sqrt() } else { nearest.sqrt() }
}

/// Signed distance to a line of rounded segments in the plane, each corner with its radius.
pub(super) fn strand(corners: &[[f32; 3]], at: [f32; 2]) -> f32 {
    corners.windows(2).fold(f32::INFINITY, |nearest, pair| {
        let [a, b] = [pair[0], pair[1]];
        let (edge, to) = ([b[0] - a[0], b[1] - a[1]], [at[0] - a[0], at[1] - a[1]]);
        let length = (edge[0] * edge[0] + edge[1] * edge[1]).max(1e-6);
        let part = ((to[0] * edge[0] + to[1] * edge[1]) / length).clamp(0.0, 1.0);
        let distance = (to[0] - edge[0] * part).hypot(to[1] - edge[1] * part);
        nearest.min(distance - (a[2] + (b[2] - a[2]) * part))
    })
}

/// Signed distance to an ellipsoid or ellipse, roughly.
pub(super) fn ellipsoid<const N: usize>(at: [f32; N], centre: [f32; N], radii: [f32; N]) -> f32 {
    let square: f32 = (0..N).map(|axis| ((at[axis] - centre[axis]) / radii[axis]).powi(2)).sum();
    (square.sqrt() - 1.0) * radii.into_iter().fold(f32::INFINITY, f32::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_negative_inside() {
        let square = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]];
        assert!((polygon(&square, [2.0, 1.0]) + 1.0).abs() < 1e-4, "one inside the lower edge");
        assert!((polygon(&square, [2.0, 6.0]) - 2.0).abs() < 1e-4, "two above the upper edge");
        assert!((strand(&[[0.0, 0.0, 1.0], [4.0, 0.0, 1.0]], [2.0, 3.0]) - 2.0).abs() < 1e-4, "beside a strand");
        assert!(ellipsoid([0.0, 0.0], [0.0, 0.0], [2.0, 3.0]) < 0.0, "the centre is inside");
        assert!(ellipsoid([2.5, 0.0], [0.0, 0.0], [2.0, 3.0]) > 0.0, "beyond the short axis is outside");
    }

    #[test]
    fn the_nose_stands_out() {
        assert!(profile(33.0) > profile(9.0) && profile(9.0) > profile(60.0), "nose, lip, bridge");
        assert!(profile(-75.0) < profile(-35.0) - 30.0, "the neck lies behind the chin");
        assert!(profile(200.0) < profile(112.0), "the skull curves back");
    }
}

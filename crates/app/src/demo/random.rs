//! Numbers that look random and are the same for the same seed, on every machine.
//!
//! Two kinds: a sequence ([`Random`]) for what is drawn one after the other, and noise ([`noise`]) for what must not depend
//! on the order in which it is asked.

/// A sequence of numbers (`SplitMix64`).
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// The sequence for one purpose: another label or index is another, unrelated sequence.
    pub(super) fn of(seed: u64, purpose: &str, index: u64) -> Self {
        let mut state = 0xcbf2_9ce4_8422_2325_u64;
        for byte in purpose.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Self(mix(mix(state ^ mix(seed)) ^ index))
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from 0 up to, not including, `end`; 0 for an `end` of 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        u64::try_from((u128::from(self.next()) * u128::from(end)) >> 64).unwrap_or(0)
    }

    /// A number from `low` up to, not including, `high`.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * unit(self.next())
    }

    /// True in `percent` of 100 cases.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let index = usize::try_from(self.below(from.len() as u64)).unwrap_or(0);
        &from[index]
    }
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[expect(clippy::cast_precision_loss, reason = "24 bits fit in an f32 exactly")]
fn unit(bits: u64) -> f32 {
    (bits >> 40) as f32 / 16_777_216.0
}

/// Smooth noise from -1 to 1 with features about one unit wide, at any point in space.
#[expect(clippy::cast_possible_truncation, reason = "coordinates are millimetres or pixels, far below 2^31")]
pub(super) fn noise(seed: u32, x: f32, y: f32, z: f32) -> f32 {
    let (x0, y0, z0) = (x.floor(), y.floor(), z.floor());
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (fx, fy, fz) = (ease(x - x0), ease(y - y0), ease(z - z0));
    let (ix, iy, iz) = (x0 as i32, y0 as i32, z0 as i32);
    let corner = |dx: i32, dy: i32, dz: i32| lattice(seed, ix.wrapping_add(dx), iy.wrapping_add(dy), iz.wrapping_add(dz));
    let along = |dy: i32, dz: i32| corner(0, dy, dz) + fx * (corner(1, dy, dz) - corner(0, dy, dz));
    let plane = |dz: i32| {
        let near = along(0, dz);
        near + fy * (along(1, dz) - near)
    };
    let near = plane(0);
    near + fz * (plane(1) - near)
}

#[expect(clippy::cast_precision_loss, reason = "24 bits fit in an f32 exactly")]
fn lattice(seed: u32, x: i32, y: i32, z: i32) -> f32 {
    let mut bits = seed
        ^ x.cast_unsigned().wrapping_mul(0x8da6_b343)
        ^ y.cast_unsigned().wrapping_mul(0xd816_3841)
        ^ z.cast_unsigned().wrapping_mul(0xcb1a_b31f);
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x2c1b_3c6d);
    bits = (bits ^ (bits >> 12)).wrapping_mul(0x297a_2d39);
    bits ^= bits >> 15;
    (bits >> 8) as f32 / 8_388_608.0 - 1.0
}

/// 0 below `low`, 1 above `high`, smooth between.
pub(super) fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_and_an_index_name_one_sequence() {
        let first = |seed, purpose, index| Random::of(seed, purpose, index).next();
        assert_eq!(first(1, "ios", 7), first(1, "ios", 7), "the same for the same words");
        assert_ne!(first(1, "ios", 7), first(2, "ios", 7), "another seed is another sequence");
        assert_ne!(first(1, "ios", 7), first(1, "cbct", 7), "another purpose is another sequence");
        assert_ne!(first(1, "ios", 7), first(1, "ios", 8), "another index is another sequence");
    }

    #[test]
    fn numbers_stay_in_their_range() {
        let mut random = Random::of(1, "range", 0);
        for _ in 0..1_000 {
            assert!(random.below(3) < 3, "below its end");
            let value = random.between(-2.0, 5.0);
            assert!((-2.0..5.0).contains(&value), "between its ends: {value}");
            let value = noise(3, value * 100.0, value, -value);
            assert!((-1.0..=1.0).contains(&value), "noise is bounded: {value}");
        }
        assert_eq!(random.below(0), 0, "an empty range is no panic");
    }
}

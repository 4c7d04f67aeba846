//! Radiology examinations: a table as a hospital's own system would have loaded it, in the words of its language.

use jiff::{Timestamp, ToSpan as _};
use sheaf_registry::Result;
use sheaf_registry::progress::Cancel;
use sheaf_registry::writer::{NewStudy, RegistryWriter};

use super::people::{Person, start};
use super::random::Random;

/// What is examined, with what, where: code, description, type of device, devices, rooms.
struct Item(&'static str, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const ITEMS: [Item; 10] = [
    Item("300707001", "全口X光攝影 Panoramic radiography", "DX", &["PANO1", "PANO2"], &["牙科X光室", "牙科部二診"]),
    Item("300707002", "測顱X光攝影 Lateral cephalometry", "DX", &["CEPH1", "PANO2"], &["牙科X光室"]),
    Item("300709014", "牙科錐狀束電腦斷層 Dental CBCT", "CT", &["CBCT1"], &["牙科X光室", "口腔外科"]),
    Item(
        "330841003",
        "腦部磁振造影（含顯影劑）Brain MRI with contrast",
        "MR",
        &["MR1", "MR3T"],
        &["磁振造影室一", "磁振造影室二"],
    ),
    Item("330841001", "腦部磁振造影 Brain MRI", "MR", &["MR1", "MR2", "MR3T"], &["磁振造影室一", "磁振造影室二"]),
    Item("330722006", "頭部電腦斷層 Head CT without contrast", "CT", &["CT1", "CT2"], &["電腦斷層室", "急診影像室"]),
    Item("320110002", "胸部X光 Chest PA view", "CR", &["CR1", "CR2", "DR_PORTABLE"], &["一般攝影室", "急診影像室"]),
    Item("320118004", "顳顎關節攝影 TMJ tomography", "DX", &["PANO1"], &["牙科X光室"]),
    Item("340205009", "甲狀腺超音波 Thyroid ultrasound", "US", &["US-A", "US-B"], &["超音波室"]),
    Item("330913007", "Échographie cervicale / Neck ultrasound", "US", &["US-B"], &["超音波室"]),
];

const PHYSICIANS: [&str; 6] = ["林建志", "陳怡如", "黃國華", "Dr. Ferrari", "Dr. Núñez", "張雅雯"];

/// Adds `count` studies. Some are of the registry's own `patients`, found by their record numbers.
pub(super) fn add(writer: &mut RegistryWriter, seed: u64, count: u64, patients: u64, cancel: &Cancel) -> Result<()> {
    for index in 0..count {
        if index % 256 == 0 {
            cancel.check()?;
        }
        add_one(writer, seed, index, count, patients)?;
    }
    Ok(())
}

fn add_one(writer: &mut RegistryWriter, seed: u64, index: u64, count: u64, patients: u64) -> Result<()> {
    let mut random = Random::of(seed, "study", index);
    let own = patients > 0 && random.chance(12);
    // Elsewhere in the hospital a person comes more than once too.
    let number = if own { 1 + random.below(patients) } else { patients + 1_000 + random.below(count * 2 / 3 + 1) };
    let person = Person::of(seed, number);
    let Item(item, description, equipment_type, equipment, rooms) = random.pick(&ITEMS);
    let minutes = |low: u64, high: u64, random: &mut Random| i64::try_from(low + random.below(high - low)).unwrap_or(0);
    let later = |time: Timestamp, by: i64| time.saturating_add(by.minutes()).unwrap_or(time);
    let order = later(start(), minutes(0, 700 * 24 * 60, &mut random));
    let check_in = later(order, minutes(8, 9_000, &mut random));
    let certified = later(check_in, minutes(25, 4_000, &mut random));
    let status = match random.below(100) {
        0..74 => "終審報告",
        74..82 => "初步報告",
        82..89 => "已報到",
        89..94 => "已排程",
        _ => "已刪單",
    };
    let source = match random.below(100) {
        0..62 => "門診",
        62..80 => "急診",
        80..94 => "住院",
        _ => "健檢",
    };
    let came = !matches!(status, "已排程" | "已刪單");
    let reported = status == "終審報告";
    let record_no = person.record_no.clone().unwrap_or_else(|| format!("{:08}", 10_000_000 + number));
    let birth = if random.chance(70) { person.birth.strftime("%Y%m%d").to_string() } else { person.birth.to_string() };
    let ordered_on = order.to_zoned(jiff::tz::TimeZone::UTC).date();
    let age = i64::from(ordered_on.year() - person.birth.year())
        - i64::from((ordered_on.month(), ordered_on.day()) < (person.birth.month(), person.birth.day()));
    writer.study(&NewStudy {
        exam_id: &format!("E{:010}", index + 1),
        medical_record_no: &record_no,
        application_order_no: &format!("{:09}", 4_100_000 + index * 3 + random.below(3)),
        patient_name: &person.name,
        patient_gender: person.gender,
        patient_birth_date: &birth,
        patient_age: (!random.chance(3)).then_some(age),
        exam_status: status,
        exam_source: source,
        exam_item: item,
        exam_description: description,
        exam_room: random.pick::<&str>(rooms),
        exam_equipment: random.pick::<&str>(equipment),
        equipment_type,
        order_datetime: Some(order),
        check_in_datetime: came.then_some(check_in),
        report_certification_datetime: reported.then_some(certified),
        certified_physician: if reported { random.pick::<&str>(&PHYSICIANS) } else { "" },
        data_load_time: Some(later(start(), 720 * 24 * 60)),
    })
}

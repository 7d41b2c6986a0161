//! The template, read back as a person's program reads it.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use longshore_protocol::{Lang, ProblemKind};

use crate::people::{People, problems};

#[tokio::test(flavor = "multi_thread")]
async fn a_template_can_be_filled_in_and_imported() {
    let people = People::new(0);
    for (lang, headers, city) in [
        (Lang::En, ["ID *", "Name *", "City", "Amount", "Joined"], "Beijing"),
        (Lang::Zh, ["编号 *", "姓名 *", "城市", "金额", "加入日期"], "北京"),
    ] {
        let template = people.house.centre.template("people", lang).expect("is made");
        let mut workbook = Xlsx::new(Cursor::new(template.bytes.clone())).expect("a workbook");
        let sheet = workbook.worksheet_range_at(0).expect("a sheet").expect("reads");
        let rows: Vec<Vec<Data>> = sheet.rows().map(<[Data]>::to_vec).collect();
        let texts: Vec<String> = rows[0].iter().map(ToString::to_string).collect();
        assert_eq!(texts, headers);
        assert_eq!(rows.len(), 2, "a header and one row");
        assert_eq!((&rows[1][1], &rows[1][2]), (&Data::String("Ann Lee".into()), &Data::String(city.into())));
        assert!(matches!(rows[1][4], Data::DateTime(_)), "{:?}", rows[1][4]);
        let xml = member(&template.bytes, "xl/worksheets/sheet1.xml");
        assert!(xml.contains("<dataValidation ") && xml.contains(city), "{lang:?}");
        // Sent back as it is, every column finds its place.
        let draft = people.upload(&template.name, template.bytes).await;
        let targets: Vec<_> = draft.columns.iter().filter_map(|column| column.target.as_deref()).collect();
        assert_eq!(targets, ["id", "name", "city", "amount", "joined"], "{lang:?}");
        assert_eq!(draft.problems, []);
    }
    let refused = people.house.centre.template("closed", Lang::En).expect_err("is refused");
    assert_eq!(problems(refused), [ProblemKind::NotImportable]);
    people.stop().await;
}

/// What the drop-downs of the template offer, the file of errors names, and a cell may hold are the same words.
#[tokio::test(flavor = "multi_thread")]
async fn allowed_values_are_named_as_people_see_them() {
    let people = People::new(1);
    for (lang, reason, right) in [
        (
            Lang::En,
            "City: Not one of the allowed values; did you mean “Shanghai”? Allowed: Beijing, Shanghai",
            "Shanghai",
        ),
        (Lang::Zh, "City：不是允许的值，可用：北京、上海", "上海"),
    ] {
        let wrong = if lang == Lang::En { "Shangha" } else { "广州市" };
        let draft = people.upload("people.csv", format!("ID,Name,City\r\n900,Ann,{wrong}\r\n")).await;
        let request = longshore_protocol::import::CheckRequest {
            dataset: "people".into(),
            draft: draft.id.clone(),
            lang: Some(lang),
            ..Default::default()
        };
        let check = people.house.centre.register_check(&people.ann, request, lang).await.expect("registers");
        let check = people.house.until(&people.ann, &check.task, longshore_protocol::Phase::Succeeded).await;
        let errors = String::from_utf8(people.house.bytes(&people.ann, &check).await).expect("UTF-8");
        assert!(errors.contains(reason), "{errors}");
        let draft = people.upload("mended.csv", errors.replace(wrong, right)).await;
        let (_, plan) = people.check(&people.ann, &draft).await;
        assert_eq!((plan.counts.create, plan.counts.error), (1, 0), "{right}");
    }
    people.stop().await;
}

fn member(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut archive.by_name(name).expect("is there"), &mut text).expect("reads");
    text
}

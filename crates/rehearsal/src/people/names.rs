//! The parts that made-up names are put together from, with their usual Hong Kong romanisation.

/// Surnames: characters and spelling.
pub(super) const SURNAMES: &[(&str, &str)] = &[
    ("陳", "CHAN"),
    ("李", "LEE"),
    ("黃", "WONG"),
    ("張", "CHEUNG"),
    ("梁", "LEUNG"),
    ("林", "LAM"),
    ("吳", "NG"),
    ("劉", "LAU"),
    ("王", "WONG"),
    ("楊", "YEUNG"),
    ("鄧", "TANG"),
    ("何", "HO"),
    ("郭", "KWOK"),
    ("鄭", "CHENG"),
    ("羅", "LO"),
    ("馮", "FUNG"),
    ("葉", "YIP"),
    ("蔡", "CHOI"),
    ("曾", "TSANG"),
    ("謝", "TSE"),
    ("許", "HUI"),
    ("周", "CHOW"),
    ("蘇", "SO"),
    ("馬", "MA"),
    ("潘", "POON"),
    ("朱", "CHU"),
    ("胡", "WU"),
    ("余", "YU"),
    ("徐", "TSUI"),
    ("盧", "LO"),
    ("鍾", "CHUNG"),
    ("麥", "MAK"),
    ("譚", "TAM"),
    ("蕭", "SIU"),
    ("蔣", "TSEUNG"),
    ("關", "KWAN"),
    ("袁", "YUEN"),
    ("方", "FONG"),
    ("呂", "LUI"),
    ("彭", "PANG"),
    ("江", "KONG"),
    ("趙", "CHIU"),
    ("梅", "MUI"),
    ("石", "SHEK"),
    ("溫", "WAN"),
    ("樂", "LOK"),
    ("洪", "HUNG"),
    ("杜", "TO"),
    ("龐", "PONG"),
    ("歐陽", "AU YEUNG"),
    ("司徒", "SZETO"),
];

/// Characters of men's given names.
pub(super) const MEN: &[(char, &str)] = &[
    ('大', "Tai"),
    ('文', "Man"),
    ('志', "Chi"),
    ('明', "Ming"),
    ('偉', "Wai"),
    ('強', "Keung"),
    ('家', "Ka"),
    ('俊', "Chun"),
    ('傑', "Kit"),
    ('豪', "Ho"),
    ('輝', "Fai"),
    ('國', "Kwok"),
    ('華', "Wah"),
    ('榮', "Wing"),
    ('德', "Tak"),
    ('耀', "Yiu"),
    ('健', "Kin"),
    ('浩', "Ho"),
    ('宏', "Wang"),
    ('威', "Wai"),
    ('雄', "Hung"),
    ('成', "Shing"),
    ('仁', "Yan"),
    ('信', "Shun"),
    ('天', "Tin"),
    ('朗', "Long"),
    ('晉', "Chun"),
    ('銘', "Ming"),
    ('裕', "Yu"),
    ('賢', "Yin"),
    ('鴻', "Hung"),
    ('駿', "Chun"),
    ('康', "Hong"),
    ('澤', "Chak"),
    ('昌', "Cheong"),
    ('達', "Tat"),
    ('基', "Kei"),
    ('安', "On"),
    ('邦', "Pong"),
    ('祖', "Cho"),
    ('翔', "Cheung"),
    ('業', "Yip"),
    ('建', "Kin"),
    ('東', "Tung"),
    ('光', "Kwong"),
    ('智', "Chi"),
    ('能', "Nang"),
    ('永', "Wing"),
];

/// Characters of women's given names.
pub(super) const WOMEN: &[(char, &str)] = &[
    ('美', "Mei"),
    ('玲', "Ling"),
    ('慧', "Wai"),
    ('芳', "Fong"),
    ('婷', "Ting"),
    ('欣', "Yan"),
    ('怡', "Yi"),
    ('嘉', "Ka"),
    ('敏', "Man"),
    ('詠', "Wing"),
    ('雅', "Nga"),
    ('靜', "Ching"),
    ('淑', "Suk"),
    ('珍', "Chun"),
    ('麗', "Lai"),
    ('娟', "Kuen"),
    ('玉', "Yuk"),
    ('蓮', "Lin"),
    ('鳳', "Fung"),
    ('英', "Ying"),
    ('儀', "Yee"),
    ('惠', "Wai"),
    ('芬', "Fan"),
    ('秀', "Sau"),
    ('翠', "Tsui"),
    ('思', "Sze"),
    ('穎', "Wing"),
    ('琪', "Ki"),
    ('彤', "Tung"),
    ('晴', "Ching"),
    ('心', "Sum"),
    ('蘭', "Lan"),
    ('曉', "Hiu"),
    ('恩', "Yan"),
    ('愛', "Oi"),
    ('潔', "Kit"),
    ('冰', "Bing"),
    ('燕', "Yin"),
    ('萍', "Ping"),
    ('雯', "Man"),
    ('芝', "Chi"),
    ('瑩', "Ying"),
    ('綺', "Yee"),
    ('寶', "Po"),
    ('佩', "Pui"),
    ('月', "Yuet"),
    ('碧', "Pik"),
    ('雪', "Suet"),
];

/// People without a Chinese name: surname, and given names of a man and of a woman.
pub(super) const LATIN: &[(&str, &str, &str)] = &[
    ("GURUNG", "Bishal", "Anita"),
    ("SANTOS", "Marco", "Maria Luisa"),
    ("SINGH", "Harjit", "Simran"),
    ("SMITH", "Peter John", "Helen"),
    ("KHAN", "Imran", "Ayesha"),
    ("WIJAYA", "Budi", "Dewi"),
    ("FERNANDES", "Luis", "Ana"),
    ("DUPONT", "Michel", "Claire"),
];

/// The three who register by camera have the same names under every seed, so that guides can name them:
/// surname, its spelling, given names, their spelling.
pub(super) const CAMERA: [(&str, &str, &str, &str); 3] =
    [("陳", "CHAN", "大文", "Tai Man"), ("張", "CHEUNG", "志明", "Chi Ming"), ("何", "HO", "詠心", "Wing Sum")];

#[cfg(test)]
mod tests {
    use super::{CAMERA, MEN, SURNAMES, WOMEN};
    use crate::font::Typeface;
    use crate::people::commercial_code;

    #[test]
    fn every_character_of_the_tables_has_a_code_and_outlines() {
        let surnames = SURNAMES.iter().flat_map(|(characters, _)| characters.chars());
        let given = MEN.iter().chain(WOMEN).map(|(character, _)| *character);
        let camera = CAMERA.iter().flat_map(|(surname, _, given, _)| surname.chars().chain(given.chars()));
        for character in surnames.chain(given).chain(camera) {
            assert!(commercial_code(character).is_some(), "{character} has no commercial code");
            assert!(Typeface::HanSans.has(character) && Typeface::HanSerif.has(character), "{character}: no outline");
        }
    }
}

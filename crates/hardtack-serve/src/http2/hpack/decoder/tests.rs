use super::super::huffman::tests::encode as huffman;
use super::super::testing::{Random, hex};
use super::*;

/// Parses `name: value` lines; a name may begin with a colon.
fn parse(lines: &str) -> Vec<(String, String)> {
    let pair = |line: &str| {
        let (name, value) = line.trim_start().rsplit_once(": ").unwrap();
        (name.to_owned(), value.to_owned())
    };
    lines.lines().filter(|line| !line.trim().is_empty()).map(pair).collect()
}

fn pairs(fields: &Fields) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    fields.iter().map(|(name, value)| (text(name), text(value))).collect()
}

/// Decodes one block and checks its fields, the dynamic table, and the table's size.
#[track_caller]
fn block(decoder: &mut Decoder, digits: &str, fields: &str, table: &str, size: usize) {
    let mut section = Fields::default();
    assert_eq!(decoder.decode(&hex(digits), usize::MAX, &mut section), Ok(()));
    assert_eq!(pairs(&section), parse(fields));
    assert_eq!(decoder.table.contents(), (parse(table), size));
}

#[test]
fn decodes_each_representation() {
    let one = |digits, field, table, size| block(&mut Decoder::new(), digits, field, table, size);
    let custom = "custom-key: custom-header";
    one("400a637573746f6d2d6b65790d637573746f6d2d686561646572", custom, custom, 55); // C.2.1
    one("040c2f73616d706c652f70617468", ":path: /sample/path", "", 0); // C.2.2
    one("100870617373776f726406736563726574", "password: secret", "", 0); // C.2.3
    one("82", ":method: GET", "", 0); // C.2.4
    one("1f 04 01 61", "accept: a", "", 0); // Never indexed, with a name of two bytes.
    one("20 82", ":method: GET", "", 0); // Size updates.
    one("20 3f e1 1f 82", ":method: GET", "", 0);
    one("", "", "", 0);
    one("bd", "www-authenticate: ", "", 0); // The last index of the static table.
}

#[test]
fn decodes_requests() {
    let plain = [
        "828684410f7777772e6578616d706c652e636f6d",
        "828684be58086e6f2d6361636865",
        "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
    ];
    let huffman = [
        "828684418cf1e3c2e5f23a6ba0ab90f4ff",
        "828684be5886a8eb10649cbf",
        "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
    ];
    requests(plain); // C.3
    requests(huffman); // C.4
}

#[track_caller]
fn requests([first, second, third]: [&str; 3]) {
    let decoder = &mut Decoder::new();
    let authority = ":authority: www.example.com";
    let fields = format!(":method: GET\n :scheme: http\n :path: /\n {authority}");
    block(decoder, first, &fields, authority, 57);
    let fields = format!("{fields}\n cache-control: no-cache");
    let table = format!("cache-control: no-cache\n {authority}");
    block(decoder, second, &fields, &table, 110);
    let custom = "custom-key: custom-value";
    let fields =
        format!(":method: GET\n :scheme: https\n :path: /index.html\n {authority}\n {custom}");
    block(decoder, third, &fields, &format!("{custom}\n {table}"), 164);
}

const PLAIN_RESPONSES: [&str; 3] = [
    "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54\
     6e1768747470733a2f2f7777772e6578616d706c652e636f6d",
    "4803333037c1c0bf",
    "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f\
     3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076\
     657273696f6e3d31",
];

const HUFFMAN_RESPONSES: [&str; 3] = [
    "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f\
     0b97c8e9ae82ae43d3",
    "4883640effc1c0bf",
    "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335df\
     dfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
];

#[test]
fn decodes_responses() {
    responses(PLAIN_RESPONSES); // C.5
    responses(HUFFMAN_RESPONSES); // C.6
}

#[track_caller]
fn responses([first, second, third]: [&str; 3]) {
    let decoder = &mut Decoder::with_limit(256);
    let date = "date: Mon, 21 Oct 2013 20:13:21 GMT";
    let location = "location: https://www.example.com";
    let fields = format!(":status: 302\n cache-control: private\n {date}\n {location}");
    let table = format!("{location}\n {date}\n cache-control: private");
    block(decoder, first, &fields, &format!("{table}\n :status: 302"), 222);
    let fields = fields.replace("302", "307");
    block(decoder, second, &fields, &format!(":status: 307\n {table}"), 222);
    let date = date.replace("21 GMT", "22 GMT");
    let encoding = "content-encoding: gzip";
    let cookie = "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";
    let fields = format!(
        ":status: 200\n cache-control: private\n {date}\n {location}\n {encoding}\n {cookie}"
    );
    block(decoder, third, &fields, &format!("{cookie}\n {encoding}\n {date}"), 215);
}

#[test]
fn rejects_malformed_blocks() {
    malformed("80"); // Index 0.
    malformed("be"); // Beyond the static table, while the dynamic one is empty.
    malformed("40 01 61 01 62 bf"); // Beyond the dynamic table.
    malformed("ff ff ff ff ff 0f");
    malformed("ff ff ff ff ff ff 00"); // An integer beyond 32 bits.
    malformed("7e 01 61"); // A name beyond the static table, with each kind of literal.
    malformed("0f 2f 01 61");
    malformed("1f 2f 01 61");
    malformed("3f e2 1f"); // A size update beyond 4,096.
    malformed("82 20"); // Size updates that aren't at the beginning.
    malformed("20 82 20");
    malformed("82 3f e1 1f");
    malformed("40 01 61 02 62"); // Strings that end too early.
    malformed("40 05 61 01 62");
    malformed("40 ff ff ff ff 7f");
    malformed("40 81 ff 00"); // Huffman: padding of eight bits.
    malformed("40 81 18 00"); // Huffman: padding of zeros.
    malformed("04 84 ff ff ff ff"); // Huffman: EOS.
}

#[track_caller]
fn malformed(digits: &str) {
    for most in [usize::MAX, 33] {
        let mut fields = Fields::default();
        fields.push(b"x", b"y"); // With the smaller limit, nothing more is kept.
        assert_eq!(
            Decoder::new().decode(&hex(digits), most, &mut fields),
            Err(BlockError::Malformed)
        );
        assert_eq!(fields.iter().next(), Some((&b"x"[..], &b"y"[..])));
    }
}

#[test]
fn truncated_blocks_are_whole_fields_or_malformed() {
    truncated("400a637573746f6d2d6b65790d637573746f6d2d686561646572", 1);
    truncated("040c2f73616d706c652f70617468", 1);
    truncated("100870617373776f726406736563726574", 1);
    truncated("828684410f7777772e6578616d706c652e636f6d", 4);
    truncated("828684418cf1e3c2e5f23a6ba0ab90f4ff", 4);
    truncated("828785400a637573746f6d2d6b65790c637573746f6d2d76616c7565", 4);
    truncated("828785408825a849e95ba97d7f8925a849e95bb8e8b4bf", 4);
    truncated("3f e1 1f 82", 2); // The empty block, the update, the field.
    truncated(PLAIN_RESPONSES[0], 4);
    truncated(HUFFMAN_RESPONSES[0], 4);
}

/// The block may end in `wholes` more places than at its beginning; it's malformed in others.
#[track_caller]
fn truncated(digits: &str, wholes: usize) {
    let bytes = hex(digits);
    let decode = |end: &usize| {
        let block = bytes.get(..*end).unwrap();
        Decoder::new().decode(block, usize::MAX, &mut Fields::default()).is_ok()
    };
    assert_eq!((1..=bytes.len()).filter(decode).count(), wholes);
}

#[test]
fn evicts_for_size_updates() {
    let decoder = &mut Decoder::new();
    let (a, b) = ("a: 1", "b: 2");
    block(decoder, "40 01 61 01 31 40 01 62 01 32", "a: 1\n b: 2", &format!("{b}\n {a}"), 68);
    block(decoder, "3f 25 be bf", "b: 2\n a: 1", &format!("{b}\n {a}"), 68); // To 68.
    block(decoder, "3f 24 be", "b: 2", b, 34); // To 67.
    block(decoder, "40 01 61 01 31", a, a, 34);
    block(decoder, "20 3f e1 1f", "", "", 0); // To 0, and back to 4,096.
    block(decoder, "40 01 61 01 31", a, a, 34);
}

#[test]
fn an_entry_that_is_too_large_empties_the_table() {
    let decoder = &mut Decoder::with_limit(64);
    block(decoder, "40 01 61 01 31", "a: 1", "a: 1", 34);
    let long = "x".repeat(32);
    block(decoder, &format!("7e 20 {}", "78".repeat(32)), &format!("a: {long}"), "", 0);
}

#[test]
fn a_name_may_be_that_of_an_entry_it_evicts() {
    let decoder = &mut Decoder::with_limit(40);
    block(decoder, "40 01 61 01 31", "a: 1", "a: 1", 34);
    block(decoder, "7e 01 32", "a: 2", "a: 2", 34);
}

#[test]
fn keeps_no_more_than_it_must() {
    keeps(usize::MAX, 5);
    keeps(5 * 34, 5);
    keeps(4 * 34, 5);
    keeps(4 * 34 - 1, 4);
    keeps(68, 3);
    keeps(67, 2);
    keeps(43, 2);
}

/// Decodes a block of five fields, 34 bytes each; checks that the table has the two in any case.
#[track_caller]
fn keeps(most: usize, kept: usize) {
    let mut decoder = Decoder::new();
    let mut fields = Fields::default();
    let bytes = hex("40 01 61 01 31  40 01 62 01 32  be  00 01 63 01 33  0f 2f 01 34");
    assert_eq!(decoder.decode(&bytes, most, &mut fields), Ok(()));
    let all = parse("a: 1\n b: 2\n b: 2\n c: 3\n b: 4");
    assert_eq!(pairs(&fields), all.get(..kept).unwrap());
    assert_eq!(decoder.table.contents(), (parse("b: 2\n a: 1"), 68));
}

#[test]
fn a_bomb_takes_no_memory() {
    let mut bomb = hex("40 01 61 7f a1 1e"); // A name, and a value of 4,000 bytes.
    bomb.resize(bomb.len() + 4000, b'x');
    for (names, expected) in
        [(8, Ok(())), (9, Err(BlockError::TooLarge)), (1_000_000, Err(BlockError::TooLarge))]
    {
        let mut bomb = bomb.clone();
        bomb.resize(bomb.len() + names, 0xbe);
        let (mut decoder, mut fields) = (Decoder::new(), Fields::default());
        assert_eq!(decoder.decode(&bomb, 10_000, &mut fields), expected, "{names}");
        assert_eq!(fields.len(), 3);
    }
}

#[test]
fn a_name_of_a_table_is_counted_though_it_is_not_kept() {
    let mut block = hex("40 7f a1 1e"); // A name of 4,000 bytes.
    block.resize(block.len() + 4000, b'x');
    block.push(0);
    let (mut decoder, mut fields) = (Decoder::new(), Fields::default());
    assert_eq!(decoder.decode(&block, 1, &mut fields), Err(BlockError::TooLarge));
    fields.clear();
    let again = [0x7e, 0].repeat(8); // The name of the newest entry, and no value.
    assert_eq!(decoder.decode(&again, 10_000, &mut fields), Ok(()));
    assert_eq!(fields.len(), 3);
    assert_eq!(decoder.decode(&again.repeat(2), 10_000, &mut fields), Err(BlockError::TooLarge));
}

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// A random block of literals of all kinds, along with what it stands for.
fn random_block(random: &mut Random, strings: &[Vec<u8>]) -> (Vec<u8>, Pairs) {
    let (mut out, mut expected) = (Vec::new(), Vec::new());
    for _ in 0..random.below(12) {
        let mut pick = || strings.get(random.below(8)).unwrap().clone();
        let (name, value) = (pick(), pick());
        out.push([0x40, 0x00, 0x10][random.below(3)]);
        for text in [&name, &value] {
            let coded = random.below(2) == 1;
            let coded_text = if coded { huffman(text) } else { text.clone() };
            integer::encode::<7>(u8::from(coded) << 7, coded_text.len(), &mut out);
            out.extend(coded_text);
        }
        expected.push((name, value));
    }
    (out, expected)
}

#[test]
fn decodes_random_blocks() {
    let mut random = Random(4);
    let mut decoder = Decoder::new();
    let mut fields = Fields::default();
    for _ in 0..500 {
        let strings: Vec<_> = (0..8).map(|_| random.bytes(300)).collect();
        let (bytes, expected) = random_block(&mut random, &strings);
        fields.clear();
        assert_eq!(decoder.decode(&bytes, usize::MAX, &mut fields), Ok(()));
        assert!(fields.iter().eq(expected.iter().map(|(name, value)| (&**name, &**value))));
    }
}

#[test]
fn never_panics() {
    let mut random = Random(5);
    let mut fields = Fields::default();
    for _ in 0..20_000 {
        let mut bytes = hex(HUFFMAN_RESPONSES[random.below(3)]);
        for _ in 0..random.below(4) {
            let position = random.below(50);
            if let Some(byte) = bytes.get_mut(position) {
                *byte = u8::try_from(random.below(256)).unwrap();
            }
        }
        bytes.extend(random.bytes(20));
        fields.clear();
        let _ = Decoder::with_limit(256).decode(&bytes, random.below(300), &mut fields);
        assert_eq!(fields.iter().count(), fields.len());
    }
}

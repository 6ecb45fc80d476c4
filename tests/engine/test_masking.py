"""What says who a text is about is taken out of it, whatever it is written like, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feel import compile_expression
from engine.functions import FUNCTIONS
from engine.masking import masked_text

NAMES = ["王建国", "李秀兰", "巴中建国建材有限公司"]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("王建国与李秀兰发生争执，王 建 国受伤。", "当事人甲与当事人乙发生争执，当事人甲受伤。"),
        ("王建国在巴中建国建材有限公司做工。", "当事人甲在当事人丙做工。"),
        ("电话13881700001、138 8170 0001、+86 13881700001、0827-3366001。", "电话某电话、某电话、某电话、某电话。"),
        ("身份证511903198001011234、51190319800101123X。", "身份证某证件号码、某证件号码。"),
        ("统一社会信用代码91511903MA6B2C3D4E。", "统一社会信用代码某代码。"),
        ("汇入6222 0210 0111 2233 445。", "汇入某账号。"),
        ("发到wang.jg@example.com。", "发到某邮箱。"),
        ("车牌川Y12345停在门口。", "车牌某车牌停在门口。"),
        ("家住渔溪镇和平街12号，和平街12号3栋。", "家住某地，某地。"),
        ("2026年3月2日赔偿3000元，涉及32户。", "2026年3月2日赔偿3000元，涉及32户。"),
    ],
)
def test_what_identifies_is_taken_out(text, masked):
    assert masked_text(text, NAMES, "当事人", ["渔溪镇和平街12号"]) == masked


def test_an_expression_may_ask_for_it():
    text = 'masked text("王建国欠款", [null, "王建国"], "当事人", [])'
    assert compile_expression(text, functions=FUNCTIONS)({}) == "当事人甲欠款"
    assert compile_expression('masked text(null, ["王建国"], "当事人", [])', functions=FUNCTIONS)({}) is None


def test_a_single_character_and_nothing_are_no_names():
    assert masked_text("王某与当地人", ["王", "", None, "  "], "当事人") == "王某与当地人"


def test_the_eleventh_name_has_a_letter_of_its_own():
    names = [f"证人{n:02d}号" for n in range(12)]
    assert masked_text("".join(names), names, "某")[-5:] == "某甲2某乙2"[-5:]


@given(st.text(alphabet="王建国李秀兰13889０x@.川Y街号12 ", max_size=60))
def test_masking_again_changes_nothing(text):
    once = masked_text(text, NAMES, "当事人")
    assert masked_text(once, NAMES, "当事人") == once
    assert "王建国" not in once

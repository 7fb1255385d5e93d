from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeai.errors import DeviceError, DeviceNotFound, DeviceTimeout
from edgeai_drivers.power.pi5_pmic import Pi5Pmic, rail_watts
from edgeai_drivers.power.pi_throttling import PiThrottling, bits_of, flags

ADC = """\
   3V7_WL_SW_A current(0)=0.00390372A
     3V3_SYS_A current(1)=0.06538731A
     1V8_SYS_A current(2)=0.16980930A
    DDR_VDD2_A current(3)=0.01756674A
    DDR_VDDQ_A current(4)=0.00000000A
     1V1_SYS_A current(5)=0.18347490A
      0V8_SW_A current(6)=0.34157550A
    VDD_CORE_A current(7)=0.94657990A
     3V3_DAC_A current(17)=0.00000000A
     3V3_ADC_A current(18)=0.00000000A
     0V8_AON_A current(16)=0.00262393A
        HDMI_A current(22)=0.01196580A
   3V7_WL_SW_V volt(8)=3.70182200V
     3V3_SYS_V volt(9)=3.32065800V
     1V8_SYS_V volt(10)=1.79877400V
    DDR_VDD2_V volt(11)=1.10842400V
    DDR_VDDQ_V volt(12)=0.60732230V
     1V1_SYS_V volt(13)=1.10622500V
      0V8_SW_V volt(14)=0.80219640V
    VDD_CORE_V volt(15)=0.72097620V
     3V3_DAC_V volt(20)=3.30860000V
     3V3_ADC_V volt(21)=3.31013000V
     0V8_AON_V volt(19)=0.79899400V
        HDMI_V volt(23)=5.11478000V
      EXT5V_V volt(24)=5.11478000V
       BATT_V volt(25)=0.00781480V
"""

SYSFS = "sys/devices/platform/soc/soc:firmware"


def saying(text, status=0):
    return f"cat <<'END'\n{text}\nEND\nexit {status}"


def test_rails_are_paired_by_name_not_by_index():
    rails = rail_watts(ADC)
    assert len(rails) == 12
    assert rails["VDD_CORE"] == pytest.approx(0.94657990 * 0.72097620)
    assert rails["HDMI"] == pytest.approx(0.01196580 * 5.11478)
    assert "EXT5V" not in rails
    assert "BATT" not in rails


def test_the_boards_input_is_a_fit_and_labelled_so(vcgencmd, opened):
    vcgencmd(f'[ "$*" = pmic_read_adc ] || exit 9\n{saying(ADC)}')
    reading = opened(Pi5Pmic).read()
    rails = sum(rail_watts(ADC).values())
    assert reading.watts == pytest.approx(1.1451 * rails + 0.5879)
    assert (reading.measures, reading.basis) == ("board", "modelled")
    assert reading["rails"] == pytest.approx(rails)
    assert "5 V loads" in reading.note
    assert "one board's" in reading.note


def test_the_sum_of_rails_is_measured_and_says_what_it_leaves_out(vcgencmd, opened):
    vcgencmd(saying(ADC))
    reading = opened(Pi5Pmic, input_fit=False).read()
    assert (reading.measures, reading.basis, reading.watts) == ("rails", "measured", reading["rails"])
    assert "5 V loads" in reading.note


def test_an_older_board_does_not_know_the_question(vcgencmd, opened):
    vcgencmd(saying('error=1 error_msg="Command not registered"'))
    with pytest.raises(DeviceError, match="Command not registered"):
        opened(Pi5Pmic)


@given(st.text())
def test_no_answer_of_the_firmware_is_taken_for_rails(answer):
    with pytest.raises(ValueError, match="without a rail"):
        rail_watts(answer)


def test_bits_are_told_now_and_since_the_start():
    told = flags(bits_of("throttled=0x50005\n"))
    assert [name for name, on in told.items() if on] == [
        "under_voltage",
        "throttled",
        "under_voltage_since_start",
        "throttled_since_start",
    ]


@pytest.mark.parametrize(
    ("bits", "throttled"),
    [
        ("0x0", False),
        ("0x50000", False),
        ("0x1", False),
        ("0x2", True),
        ("0x4", True),
        ("0x8", True),
        ("0xe0008", True),
    ],
)
def test_only_what_holds_the_clock_down_now_is_throttling(vcgencmd, opened, bits, throttled):
    vcgencmd(saying(f"throttled={bits}"))
    assert opened(PiThrottling).read().throttled is throttled


def test_the_program_is_believed_rather_than_the_file(vcgencmd, opened, tree):
    vcgencmd(saying("throttled=0x50005"))
    tree.write(SYSFS, get_throttled="0")
    reading = opened(PiThrottling, root=tree.root).read()
    assert (reading.throttled, reading.note) == (True, "")


def test_without_the_program_the_file_stands_in_and_says_so(opened, tree):
    tree.write(SYSFS, get_throttled="50005")
    reading = opened(PiThrottling, root=tree.root, vcgencmd="no-such-program").read()
    assert (reading.throttled, reading["under_voltage"]) == (True, True)
    assert "seen at 0" in reading.note
    with pytest.raises(DeviceNotFound, match="no-such-program"):
        opened(PiThrottling, root=tree.root, vcgencmd="no-such-program", sysfs=False)


def test_a_missing_program_says_what_to_install(opened, tree):
    with pytest.raises(DeviceNotFound, match="raspi-utils"):
        opened(PiThrottling, root=tree.root, vcgencmd="no-such-program")


@pytest.mark.parametrize("meter", [Pi5Pmic, PiThrottling])
def test_a_program_that_hangs_is_ended(vcgencmd, opened, tree, meter):
    program = vcgencmd("exec sleep 60")
    with pytest.raises(DeviceTimeout, match=r"no answer in 0.2 s"):
        opened(meter, root=tree.root, vcgencmd=program, patience=0.2)


@pytest.mark.parametrize("meter", [Pi5Pmic, PiThrottling])
def test_a_program_that_fails_is_quoted(vcgencmd, opened, tree, meter):
    vcgencmd("echo 'VCHI initialization failed' >&2; exit 255")
    with pytest.raises(DeviceError, match="status 255 and said 'VCHI initialization failed'"):
        opened(meter, root=tree.root)


def test_a_program_that_may_not_reach_the_firmware_names_the_group(vcgencmd, opened, tree):
    vcgencmd('echo "Can\'t open device file: /dev/vcio" >&2; exit 1')
    with pytest.raises(DeviceNotFound, match="usermod -aG video"):
        opened(PiThrottling, root=tree.root)


def test_a_file_that_is_no_program_cannot_be_run(tmp_path, opened, tree):
    program = tmp_path / "vcgencmd"
    program.write_text("")
    with pytest.raises(DeviceNotFound, match="cannot run"):
        opened(PiThrottling, root=tree.root, vcgencmd=str(program))


@pytest.mark.parametrize("answer", ["", "throttled=", "throttled=yes", "\x00\xff", "temp=48.0'C"])
def test_garbage_is_an_error(vcgencmd, opened, tree, answer):
    vcgencmd(saying("throttled=0x0"))
    meter = opened(PiThrottling, root=tree.root)
    vcgencmd(saying(answer))
    with pytest.raises(DeviceError, match="get_throttled answered"):
        meter.read()


def test_what_can_be_asked_here_is_listed(vcgencmd, tree):
    vcgencmd(saying(ADC))
    assert Pi5Pmic.devices()[0].missing == ""
    vcgencmd(saying("throttled=0x0"))
    assert PiThrottling.detect(tree.root)[0].missing == ""
    assert "no Raspberry Pi 5" in Pi5Pmic.devices()[0].missing

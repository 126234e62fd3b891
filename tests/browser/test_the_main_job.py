"""What people do with the page, on phones, against the real daemon with the simulated hob."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Route, expect

from tests.browser.phones import phone
from tests.e2e.program import LEFT, Program, eventually, kill_leftovers


def seconds(digits: str) -> int:
    """ "19:58" in seconds."""
    parts = [int(part) for part in digits.split(":")]
    return sum(part * 60**place for place, part in enumerate(reversed(parts)))


def test_pair_light_set_extend_from_a_second_phone_and_shut_off(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as anna, phone(chromium, stove) as ben:
        anna.pair("Anna")
        ben.pair("Ben")
        stove.light("left")
        expect(anna.card().locator(".facts")).to_contain_text("flame lit")
        expect(anna.card().locator(".word")).to_have_text("Burning")

        anna.card().get_by_role("link").click()
        anna.page.get_by_role("button", name="Shut off in 20 min").click()
        expect(anna.page.locator("burner-view .until")).to_contain_text("Anna")
        anna.page.get_by_role("link", name="Back to the hob").click()

        expect(ben.card().locator(".until")).to_contain_text("Anna")
        assert stove.burner()["timer"]["set_by"] == "phone:Anna"
        ben.card().get_by_role("button", name="5 min more").click()
        expect(ben.page.locator(".toast")).to_contain_text("Left: 5 min more.")
        eventually("the timer is extended", lambda: stove.burner()["timer"]["remaining_s"] > 1400)
        expect(anna.card().locator(".digits")).to_have_text(re.compile(r"2[45]:\d\d"))
        shown = [seconds(who.card().locator(".digits").inner_text()) for who in (anna, ben)]
        assert abs(shown[0] - shown[1]) <= 1, "two phones agree"

        anna.card().get_by_role("button", name="Shut off: Left").click()
        eventually("the line is low", lambda: not stove.witness.high(LEFT))
        expect(anna.card().locator(".word")).to_have_text(re.compile("Shut off|Ready"))
        expect(ben.card().locator(".facts")).to_contain_text("flame out")
        last = stove.burner()["last_shut_off"]
        assert (last["cause"], last["by"]) == ("user", "phone:Anna")
        expect(ben.card().locator(".facts")).to_contain_text("last cut: flame out, proved")


def test_what_cuts_before_the_timer_is_what_counts_down(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as anna:
        anna.pair("Sooner")
        stove.light("left")
        anna.card().get_by_role("button", name="Shut off in 25 min").click()
        expect(anna.card().locator(".until")).to_contain_text("Sooner")
        stove.do("POST", "/sweep")
        expect(anna.card().locator(".until")).to_contain_text("sweep cuts at")
        assert seconds(anna.card().locator(".digits").inner_text()) <= 60
        anna.card().get_by_role("link").click()
        expect(anna.page.locator("burner-view .until")).to_contain_text("sweep cuts at")
        stove.do("POST", "/burners/left/shut-off")


def test_undo_gives_back_what_was_cancelled(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as anna:
        anna.pair("Undo")
        stove.ready("left")
        anna.card().get_by_role("button", name="Shut off in 25 min").click()
        ends_at = eventually("the timer runs", lambda: (stove.burner()["timer"] or {}).get("ends_at"))
        anna.card().get_by_role("button", name="Cancel timer").click()
        eventually("it is cancelled", lambda: stove.burner()["timer"] is None)
        anna.page.get_by_role("button", name="Undo").click()
        again = eventually("it runs again", lambda: (stove.burner()["timer"] or {}).get("ends_at"))
        assert abs(seconds(again[14:19]) - seconds(ends_at[14:19])) <= 1
        stove.do("DELETE", "/burners/left/timer")
        expect(anna.card().locator(".digits")).to_be_hidden()


def test_the_preset_used_last_comes_first(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as anna:
        anna.pair("Preset")
        chips = anna.card("right").locator(".chip")
        expect(chips.first).to_have_text("5 min")
        chips.nth(2).click()
        expect(anna.card("right").get_by_role("button", name="Cancel timer")).to_be_visible()
        stove.do("DELETE", "/burners/right/timer")
        expect(chips.first).to_have_text("25 min")


def test_pressing_down_shuts_off_before_the_finger_leaves(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as anna:
        anna.pair("Press")
        stove.ready("left")
        button = anna.card().get_by_role("button", name="Shut off: Left")
        box = button.bounding_box()
        assert box is not None
        anna.page.mouse.move(box["x"] + 20, box["y"] + 20)
        anna.page.mouse.down()
        eventually("the line is low", lambda: not stove.witness.high(LEFT))
        anna.page.mouse.up()

        def offs() -> int:  # the line is low before it is on record
            return sum(1 for e in stove.history() if (e["by"], e["event_type"]) == ("phone:Press", "shut_off"))

        eventually("it is on record", offs)
        assert offs() == 1, "one press is one shut-off"


def test_all_off_works_for_a_phone_that_nobody_has_let_in(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as stranger:
        stranger.open()
        expect(stranger.page.get_by_role("heading", name="Pair this phone")).to_be_visible()
        stove.ready("left")
        stranger.page.get_by_role("button", name="Shut off all").click()
        eventually("the line is low", lambda: not stove.witness.high(LEFT))


def test_the_bookmark_is_one_button(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as stranger:
        stranger.open("off")
        button = stranger.page.locator(".off .stop")
        box = button.bounding_box()
        assert box is not None
        assert box["height"] > 400
        stove.ready("left")
        button.click()
        eventually("the line is low", lambda: not stove.witness.high(LEFT))


def test_a_held_button_at_the_stove_lets_a_phone_in(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as anna:
        anna.open()
        stove.do("POST", "/simulate/stop", {"action": "press"})
        expect(anna.page.get_by_text("Somebody holds the stove's stop button")).to_be_visible(timeout=30_000)
        stove.do("POST", "/simulate/stop", {"action": "let_go"})
        anna.page.get_by_label("What is this phone called?").fill("Gran")
        anna.page.get_by_role("button", name="Pair", exact=True).click()
        expect(anna.card()).to_be_visible()
        stove.ready("left")


def test_a_wrong_code_says_so_and_how_many_tries_are_left(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as anna:
        code = stove.do("POST", "/pairing", {})["code"]
        anna.open()
        anna.page.get_by_label("Code, 8 digits").fill(f"{(int(code) + 1) % 10**8:08}")
        anna.page.get_by_label("What is this phone called?").fill("Guess")
        anna.page.get_by_role("button", name="Pair", exact=True).click()
        expect(anna.page.get_by_role("alert").filter(has_text="4 tries are left")).to_be_visible()


def test_the_qr_code_leads_a_phone_in(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as admin, phone(chromium, stove) as guest:
        admin.pair("Owner", role="admin")
        admin.open("settings")
        admin.page.get_by_role("button", name="Pair another: may look").click()
        expect(admin.page.get_by_role("img", name="QR code of the pairing address")).to_be_visible()
        digits = admin.page.locator(".offer .digits").inner_text().replace(" ", "")
        guest.open(f"pair/{digits}")
        guest.page.get_by_label("What is this phone called?").fill("Guest")
        guest.page.get_by_role("button", name="Pair", exact=True).click()
        expect(guest.card()).to_be_visible()
        expect(guest.card().locator(".chip").first).to_be_disabled()
        expect(guest.card().get_by_role("button", name="Shut off: Left")).to_be_enabled()

        admin.open("settings")
        admin.page.get_by_role("button", name="Revoke: Guest").click()
        expect(guest.page.get_by_role("heading", name="Pair this phone")).to_be_visible()


def test_a_lockout_says_in_words_what_to_do(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as anna:
        anna.pair("Lockout", role="admin")
        stove.light("right")
        stove.do("POST", "/simulate/right", {"action": "fault contact_stuck"})
        anna.card("right").get_by_role("button", name="Shut off: Right").click()
        expect(anna.card("right").locator(".word")).to_have_text("LOCKED OUT")
        expect(anna.card("right").locator(".problem")).to_contain_text("Turn the knob off and close the gas tap")
        expect(anna.card("right").locator(".facts")).to_contain_text("last cut: NOT PROVED")
        anna.card("right").get_by_role("link").click()
        anna.page.get_by_role("button", name="Reset").click()
        expect(anna.page.locator(".toast")).to_contain_text("cannot be reset")
        expect(anna.page.locator(".problem")).to_be_visible()


def test_a_lost_stove_is_said_at_once_and_the_countdown_goes_on(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as anna:
        anna.pair("Away")
        stove.ready("left")
        stove.set_timer("left", 1500)
        expect(anna.card().locator(".digits")).to_be_visible()
        assert stove.process is not None
        stove.process.kill()
        stove.process.wait()
        kill_leftovers(str(stove.config))
        expect(anna.page.locator(".banner")).to_contain_text("No contact with the stove since")
        expect(anna.page.locator(".link")).to_have_text("no contact")
        expect(anna.card().locator(".chip").first).to_be_disabled()
        before = seconds(anna.card().locator(".digits").inner_text())
        expect(anna.card().locator(".digits")).not_to_have_text(f"{before // 60}:{before % 60:02}")
        assert seconds(anna.card().locator(".digits").inner_text()) < before
        anna.card().get_by_role("button", name="Shut off: Left").click()
        expect(anna.card().locator(".word")).to_have_text("closing…")
        expect(anna.page.locator(".toast")).to_have_text("The stove did not answer. Turn the knob off now.")

        stove.start()
        expect(anna.page.locator(".link")).to_have_text("live")
        expect(anna.page.locator(".banner")).not_to_contain_text("No contact")
        expect(anna.card().locator(".digits")).to_be_hidden()
        anna.complaints = [said for said in anna.complaints if "ERR_" not in said]  # which a browser says of itself
    # the console has a new token now
    stove.http.headers["Authorization"] = f"Bearer {(stove.folder / 'console.token').read_text()}"


def test_six_tabs_that_listen_leave_room_for_a_shut_off(chromium: Browser, stove: Program) -> None:
    """A browser has six connections to a host, and each of the six streams holds one."""
    with phone(chromium, stove) as anna:
        anna.pair("Tabs")
        stove.ready("left")
        tabs = [anna.page, *(anna.context.new_page() for _ in range(5))]
        for tab in tabs[1:]:
            tab.goto(f"http://127.0.0.1:{stove.port}/")
        for tab in tabs:
            expect(tab.locator(".link")).to_have_text("live")
        tabs[-1].locator("burner-card#left").get_by_role("button", name="Shut off: Left").click()
        eventually("the line is low", lambda: not stove.witness.high(LEFT), within=8)
        expect(tabs[-1].locator(".link")).to_have_text("live")


_SHUT_OFF_THAT_NOBODY_ANSWERS = """async () => {
    const { store } = await import(document.querySelector("script[type=module]").src.replace(/[^/]+$/, "store.js"));
    let now = 0;
    performance.now = () => now;
    window.fetch = (_, { signal }) => new Promise((_, refuse) => signal.addEventListener("abort", refuse));
    AbortSignal.timeout = (patience) => {
        const control = new AbortController();
        setTimeout(() => { now += patience; control.abort(); });
        return control.signal;
    };
    const later = window.setTimeout;
    window.setTimeout = (act, pause) =>
        pause === 500 ? later(() => { now += pause; act(); }) : later(act, pause); // the pause between two tries
    await store.shutOff(null).catch(() => {});
    return now;
}"""


def test_a_shut_off_that_nobody_answers_is_given_up_after_ten_seconds(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as anna:
        anna.pair("Patience")
        assert 9_000 <= anna.page.evaluate(_SHUT_OFF_THAT_NOBODY_ANSWERS) <= 10_000


_WAKE_AFTER_AN_HOUR = """async () => {
    const { store } = await import(document.querySelector("script[type=module]").src.replace(/[^/]+$/, "store.js"));
    const real = Date.now, slept = real.call(Date);
    Date.now = () => real.call(Date) + 3_600_000;
    document.dispatchEvent(new Event("visibilitychange"));
    Date.now = real;
    return [store.link, store.lostAt <= slept];
}"""


def test_a_phone_that_wakes_does_not_show_an_hour_old_state_as_live(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as anna:
        anna.pair("Sleeper")
        expect(anna.page.locator(".link")).to_have_text("live")
        assert anna.page.evaluate(_WAKE_AFTER_AN_HOUR) == ["lost", True]
        expect(anna.page.locator(".link")).to_have_text("live")


def test_a_stream_that_is_refused_is_asked_for_less_and_less(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as anna:
        anna.pair("Crowd")
        asked: list[str] = []

        def refuse(route: Route) -> None:
            asked.append(route.request.url)
            route.fulfill(status=503)

        anna.page.route("**/api/v1/events?tick=1", refuse)
        anna.page.reload()
        anna.page.wait_for_timeout(2_500)  # three tries, or hundreds; a slow machine makes fewer
        assert len(asked) <= 6
        anna.page.unroute_all(behavior="ignoreErrors")
        expect(anna.page.locator(".link")).to_have_text("live")


def test_a_view_that_an_upgrade_took_away_comes_with_the_new_page(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as anna:
        anna.pair("Upgrade")
        gone: list[str] = []

        def answer(route: Route) -> None:
            if gone:
                route.continue_()
            else:
                gone.append(route.request.url)
                route.fulfill(status=404)

        anna.context.route("**/sheet.js", answer)
        anna.card().get_by_role("link").click()
        expect(anna.page.locator("burner-view .until")).to_be_attached()
        assert gone
        anna.complaints.clear()


def test_a_stove_that_hangs_is_as_good_as_lost(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as anna:
        anna.pair("Hang")
        assert stove.process is not None
        stove.process.send_signal(19)  # SIGSTOP: the connection stays open and says nothing
        expect(anna.page.locator(".link")).to_have_text("no contact")
        stove.process.send_signal(18)
        expect(anna.page.locator(".link")).to_have_text("live")


def test_with_the_keyboard_alone(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove) as anna:
        anna.pair("Keys")
        stove.ready("left")
        anna.card().get_by_role("link").focus()
        anna.page.keyboard.press("Enter")
        hours = anna.page.get_by_role("spinbutton", name="Hours")
        hours.focus()
        anna.page.keyboard.press("ArrowDown")
        anna.page.keyboard.press("Tab")
        anna.page.keyboard.type("07")
        expect(anna.page.get_by_role("spinbutton", name="Minutes")).to_have_attribute("aria-valuetext", "7 min")
        anna.page.keyboard.press("Tab")
        expect(anna.page.get_by_role("button", name="Shut off in 1 h 7 min")).to_be_focused()
        anna.page.keyboard.press("Enter")
        eventually("the timer runs", lambda: (stove.burner()["timer"] or {}).get("duration_s") == 4020)
        anna.page.get_by_role("button", name="Shut off all").focus()
        anna.page.keyboard.press("Space")
        eventually("the line is low", lambda: not stove.witness.high(LEFT))


def test_the_language_can_be_switched_and_stays(chromium: Browser, stove: Program) -> None:
    with phone(chromium, stove, locale="zh-CN") as anna:
        anna.open()
        expect(anna.page.get_by_role("heading", name="配对此手机")).to_be_visible()
    with phone(chromium, stove) as anna:
        anna.pair("Sprache")
        anna.open("settings")
        anna.page.get_by_label("Language").select_option("zh")
        expect(anna.page.get_by_role("heading", name="设置")).to_be_visible()
        anna.open()
        expect(anna.card().get_by_role("button", name="关火: Left")).to_be_visible()
        assert anna.page.locator("html").get_attribute("lang") == "zh-CN"


def test_times_are_those_of_the_phone_wherever_it_is(chromium: Browser, stove: Program) -> None:
    with (
        phone(chromium, stove, timezone_id="Asia/Shanghai") as near,
        phone(chromium, stove, timezone_id="America/New_York") as far,
    ):
        near.pair("Near")
        far.pair("Far")
        stove.ready("left")
        ends_at = datetime.fromisoformat(stove.set_timer("left", 1500)["timer"]["ends_at"])
        for seen, zone in ((near, "Asia/Shanghai"), (far, "America/New_York")):
            expect(seen.card().locator(".until")).to_contain_text(f"{ends_at.astimezone(ZoneInfo(zone)):%H:%M}")
        stove.do("DELETE", "/burners/left/timer")

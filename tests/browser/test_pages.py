"""The pages in a real browser: a street is worked, and the map and the residents see it."""

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from snowtrack.network.arrays import Kind, Network, RoadClass
from snowtrack.roads.files import open_network
from tests.browser.conftest import invitation
from tests.browser.drive import payload, publish, street_of
from tests.up.instance import Instance

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

READY = """() => new Promise(done => {
  const look = () => window.snowtrack?.ready ? done() : requestAnimationFrame(look); look(); })"""
LABELLED = """([id, label]) => new Promise(done => {
  const look = () => snowtrack.labelOf(id) === label ? done() : requestAnimationFrame(look); look(); })"""
CENTRED = """([lat, lon]) => new Promise(done => {
  snowtrack.map.once('idle', () => done()); snowtrack.map.jumpTo({center: [lon, lat], zoom: 17}); })"""
RESIDENTS_MAP = READY.replace("snowtrack?.ready", "residentsMap?.loaded()")
RESIDENTS_CENTRED = CENTRED.replace("snowtrack.map", "residentsMap")
RESIDENTS_LABELLED = """([id, label]) => new Promise(done => {
  const said = () => residentsMap.getFeatureState({source: 'roads', sourceLayer: 'roads', id}).label;
  const look = () => said() === label ? done() : requestAnimationFrame(look); look(); })"""
# On the map as it is drawn.
RENDERED = """([layer, key, value]) => new Promise(done => {
  const look = () => snowtrack.map.queryRenderedFeatures({layers: [layer]}).some(one => one.properties[key] === value)
    ? done() : requestAnimationFrame(look); look(); })"""
NOT_RENDERED = """layer => new Promise(done => {
  const look = () => snowtrack.map.queryRenderedFeatures({layers: [layer]}).length === 0
    ? done() : requestAnimationFrame(look); look(); })"""
PUBLIC_LABELLED = """([row, label]) => new Promise(done => {
  const road = {source: 'public-roads', sourceLayer: 'roads', id: row};
  const look = () => snowtrack.map.getFeatureState(road).label === label ? done() : requestAnimationFrame(look);
  look(); })"""
# The colour in the middle of the map, read while it is drawn: the canvas keeps nothing afterwards.
COLOUR = """() => new Promise(done => {
  const map = snowtrack.map, gl = map.getCanvas().getContext('webgl2'), pixel = new Uint8Array(4);
  map.once('render', () => {
    gl.readPixels(gl.drawingBufferWidth / 2, gl.drawingBufferHeight / 2, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    done([...pixel.slice(0, 3)]); });
  map.triggerRepaint(); })"""


@pytest.fixture(scope="module")
def network(site: Instance) -> Network:
    return open_network(site.folder / "network")


def local_streets(network: Network) -> list[int]:
    """Rows of quiet streets that no other road runs beside."""
    local = (network.road_class == RoadClass.LOCAL) & (network.kind == Kind.CARRIAGEWAY) & (network.oneway == 0)
    return np.flatnonzero(local & (network.length_mm > 90_000)).tolist()


def test_a_segment_changes_colour_when_a_plough_has_worked_it(page: Page, site: Instance, network: Network) -> None:
    row = local_streets(network)[100]
    line, segment = street_of(network, row), int(network.segment_id[row])
    middle = [(line[0][axis] + line[-1][axis]) / 2 for axis in (0, 1)]
    page.goto(f"{site.api}/")
    page.wait_for_selector("html[data-state=live]")
    page.evaluate(READY)
    page.evaluate(CENTRED, middle)
    assert page.evaluate("id => snowtrack.labelOf(id)", segment) == "never"
    before = page.evaluate(COLOUR)
    publish(site.broker_port, "browser-01", payload(line))
    page.evaluate(LABELLED, [segment, "done"])
    after = page.evaluate(COLOUR)
    assert max(abs(a - b) for a, b in zip(before, after, strict=True)) > 40
    assert "ishikawa/browser-01" in page.evaluate("() => snowtrack.machines().map(machine => machine.device)")


def test_a_segment_says_by_what_evidence_it_is_done(page: Page, site: Instance, network: Network) -> None:
    row = local_streets(network)[140]
    line = street_of(network, row)
    publish(site.broker_port, "browser-02", payload(line))
    page.goto(f"{site.api}/")
    page.evaluate(READY)
    page.evaluate(LABELLED, [int(network.segment_id[row]), "done"])
    page.evaluate(CENTRED, [(line[0][axis] + line[-1][axis]) / 2 for axis in (0, 1)])
    box = page.locator("canvas.maplibregl-canvas").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_text("除雪済").first).to_be_visible()
    expect(page.get_by_text("ブレード確認").first).to_be_visible()


def test_a_trail_lies_behind_a_plough_that_drove(page: Page, site: Instance, network: Network) -> None:
    line = street_of(network, local_streets(network)[260])
    page.goto(f"{site.api}/")
    page.evaluate(READY)
    page.evaluate(CENTRED, line[len(line) // 2])
    publish(site.broker_port, "browser-04", payload(line))
    page.evaluate(RENDERED, ["trails-working", "device", "ishikawa/browser-04"])
    page.get_by_label("走行軌跡を表示").uncheck()
    page.evaluate(NOT_RENDERED, "trails-working")
    page.reload()
    page.evaluate(READY)
    expect(page.get_by_label("走行軌跡を表示")).not_to_be_checked()
    page.get_by_label("走行軌跡を表示").check()
    page.evaluate(RENDERED, ["trails-working", "device", "ishikawa/browser-04"])


def test_staff_look_at_what_residents_see_and_no_machine_is_there(page: Page, site: Instance, network: Network) -> None:
    row = local_streets(network)[300]
    line = street_of(network, row)
    publish(site.broker_port, "browser-05", payload(line))
    page.goto(f"{site.api}/")
    page.evaluate(READY)
    page.evaluate(CENTRED, line[-1])
    page.evaluate(RENDERED, ["machines", "device", "ishikawa/browser-05"])
    page.get_by_role("button", name="住民に見える状態").click()
    expect(page.get_by_text("除雪車の位置と軌跡は公開していません")).to_be_visible()
    expect(page.get_by_text("住民に見える状態：")).to_contain_text("時点")
    page.evaluate(PUBLIC_LABELLED, [row, "done"])
    for layer in ("machines", "trails-working", "roads-carriageway"):
        page.evaluate(NOT_RENDERED, layer)
    expect(page.get_by_role("button", name="除雪車一覧")).to_be_hidden()
    page.get_by_role("button", name="職員の地図に戻る").click()
    expect(page.get_by_text("除雪車の位置と軌跡は公開していません")).to_be_hidden()
    page.evaluate(RENDERED, ["machines", "device", "ishikawa/browser-05"])
    page.evaluate(NOT_RENDERED, "public-roads-carriageway")


def test_the_dispatch_map_fits_a_phone(browser: Browser, site: Instance, signed_in: StorageState) -> None:
    phone = browser.new_page(viewport={"width": 390, "height": 800}, locale="ja-JP", storage_state=signed_in)
    phone.goto(f"{site.api}/")
    phone.evaluate(READY)
    for _ in range(2):
        phone.get_by_role("button", name="住民に見える状態").click()
        assert phone.evaluate("document.documentElement.scrollWidth") == 390
        for name in ("figures-list", "links", "public-banner"):
            box = phone.locator(f".{name}").bounding_box()
            assert box is None or box["x"] + box["width"] <= 390
    phone.close()


def test_routes_are_listed_with_how_far_they_are(page: Page, site: Instance) -> None:
    page.goto(f"{site.api}/")
    page.wait_for_selector("html[data-state=live]")
    page.get_by_role("button", name="路線", exact=True).click()
    panel = page.get_by_role("complementary")
    expect(panel.get_by_role("heading", name="路線", exact=True)).to_be_focused()
    road = panel.get_by_role("listitem").filter(has_text="国道900号")
    expect(road).to_have_count(1)
    expect(road.get_by_role("progressbar", name="国道900号の進み具合")).to_have_js_property("value", 0)
    expect(road.get_by_text("残り")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_residents_find_their_road_and_see_it_being_cleared(page: Page, site: Instance, network: Network) -> None:
    row = local_streets(network)[180]
    line, name = street_of(network, row), network.text(int(network.name_text[row]))
    assert name is not None
    page.goto(f"{site.portal}/")
    expect(page.get_by_text("主な道路から順に")).to_be_visible()
    # As a keyboard for kana writes it.
    page.get_by_role("searchbox", name="道路名で探す").fill(name.replace("り", "ﾘ"))
    road = page.get_by_role("button", name=f"{name}: ")
    expect(road).to_have_count(1)
    expect(road).to_contain_text("未作業")
    road.click()
    expect(road).to_have_attribute("aria-pressed", "true")
    page.evaluate(RESIDENTS_MAP)
    page.evaluate(RESIDENTS_CENTRED, [(line[0][axis] + line[-1][axis]) / 2 for axis in (0, 1)])
    publish(site.broker_port, "browser-03", payload(line))
    page.evaluate(RESIDENTS_LABELLED, [row, "done"])
    expect(road).to_contain_text("一部済", timeout=30_000)
    expect(road).to_contain_text("頃")
    box = page.locator("canvas.maplibregl-canvas").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    told = page.locator(".segment-popup")
    expect(told).to_contain_text(name)
    expect(told).to_contain_text("除雪済")
    expect(told).to_contain_text("1時間以内")
    expect(told).to_contain_text("確からしさ")
    assert "browser-0" not in page.content()


def test_residents_find_the_roads_around_them_on_a_phone(browser: Browser, site: Instance, network: Network) -> None:
    row = local_streets(network)[220]
    (lat, lon), name = street_of(network, row)[0], network.text(int(network.name_text[row]))
    phone = browser.new_page(
        viewport={"width": 390, "height": 800},
        locale="ja-JP",
        geolocation={"latitude": lat, "longitude": lon},
        permissions=["geolocation"],
    )
    phone.goto(f"{site.portal}/")
    phone.get_by_role("button", name="近くの道路").click()
    expect(phone.get_by_text("近くの道路（1 km以内）")).to_be_visible()
    road = phone.locator("#roads").get_by_role("button").filter(has_text=str(name)).first
    expect(road).to_contain_text("約10 m")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    road.click()
    expect(phone.locator("canvas.maplibregl-canvas")).to_be_visible()
    expect(phone.get_by_role("button", name="一覧に戻る")).to_be_focused()
    phone.keyboard.press("Enter")
    expect(road).to_be_visible()
    phone.close()


def test_people_come_in_by_way_of_their_organisation(browser: Browser, site: Instance) -> None:
    """Over another site and back, with cookies as a browser sends them."""
    invitation(site, "hana@city.example", "--role", "viewer", "--agency", "*")
    page = browser.new_page(locale="ja-JP")
    page.goto(f"{site.api}/")
    page.get_by_role("link", name="組織のアカウントでログイン").click()
    page.locator("input[name=login]").fill("hana@city.example")
    page.locator("input[name=password]").fill("any")
    page.get_by_role("button").click()
    page.get_by_role("button").click()
    page.wait_for_selector("html[data-state=live]")
    expect(page.get_by_role("button", name="ログアウト")).to_have_attribute("title", "hana@city.example")
    page.get_by_role("button", name="ログアウト").click()
    page.wait_for_url("**/sign-in.html")
    page.get_by_role("link", name="組織のアカウントでログイン").click()
    page.wait_for_selector("html[data-state=live]")
    page.close()


def test_who_is_not_known_is_told_so(browser: Browser, site: Instance) -> None:
    page = browser.new_page(locale="ja-JP")
    page.goto(f"{site.api}/sign-in.html")
    page.get_by_label("アカウント名").fill("nobody")
    page.get_by_label("パスワード").fill("x")
    page.get_by_role("button", name="ログイン").click()
    expect(page.get_by_role("alert")).to_contain_text("違います")
    page.goto(f"{site.api}/sign-in.html#fault=unknown")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("登録されていません")
    page.goto(f"{site.api}/sign-in.html#invitation=gone")
    page.reload()
    page.get_by_label("パスワード").fill("yuki ga furu yoru")
    page.get_by_role("button", name="決めてログイン").click()
    expect(page.get_by_role("alert")).to_contain_text("もう使えません")
    page.close()


def test_the_interface_is_described_on_our_own_page(page: Page, site: Instance) -> None:
    page.goto(f"{site.api}/docs.html")
    expect(page.get_by_text("/v1/segments", exact=False).first).to_be_visible(timeout=30_000)

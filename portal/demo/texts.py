"""What the demo club and its three projects say of themselves."""

from dataclasses import dataclass

from portal.columns import Texts

CLUB_NAME = {"zh_Hans_CN": "云栖会", "zh_Hant": "雲棲會", "en": "Yunqi Club"}
CLUB_TAGLINE = {
    "zh_Hans_CN": "住在一起，彼此照应",
    "zh_Hant": "住在一起，彼此照應",
    "en": "Neighbours who look after each other",
}


@dataclass(frozen=True)
class DemoProject:
    """One project: what it says, how old it is, and how its homes are numbered."""

    slug: str
    name: Texts
    city: Texts
    welcome: Texts
    contact_phone: str
    age_in_years: int
    first_building: int
    building_word: str
    entrances: tuple[str, ...]
    floors: int
    homes_a_floor: int
    areas: tuple[int, ...]
    """Floor areas of its homes, in hundredths of a square metre."""

    @property
    def homes_a_building(self) -> int:
        """Return how many homes a building has."""
        return max(len(self.entrances), 1) * self.floors * self.homes_a_floor


PROJECTS = (
    DemoProject(
        slug="binjiang",
        name={"zh_Hans_CN": "滨江府", "zh_Hant": "濱江府", "en": "Binjiang Residence"},
        city={"zh_Hans_CN": "杭州", "zh_Hant": "杭州", "en": "Hangzhou"},
        welcome={
            "zh_Hans_CN": "推窗见江，下楼是园。滨江府的业主会由邻居们一起办起来："
            "认识邻里，照看家园，有事找得到人。",
            "zh_Hant": "推窗見江，下樓是園。濱江府的業主會由鄰居們一起辦起來："
            "認識鄰里，照看家園，有事找得到人。",
            "en": "The river outside the window, the garden at the door. The owners' club of "
            "Binjiang Residence is made by its neighbours: to know each other, to look after the "
            "place, and to find someone who helps.",
        },
        contact_phone="400-000-1502",
        age_in_years=7,
        # The sample roster fills buildings 1 to 18.
        first_building=19,
        building_word="栋",
        entrances=("1单元", "2单元"),
        floors=18,
        homes_a_floor=2,
        areas=(8_900, 10_600, 12_800, 14_300, 16_800),
    ),
    DemoProject(
        slug="siji",
        name={"zh_Hans_CN": "四季苑", "zh_Hant": "四季苑", "en": "Four Seasons Court"},
        city={"zh_Hans_CN": "苏州", "zh_Hant": "蘇州", "en": "Suzhou"},
        welcome={
            "zh_Hans_CN": "四季有花，四时有邻。"
            "四季苑正在陆续交付，认领您的家，收房进度和社区通知都在这里。",
            "zh_Hant": "四季有花，四時有鄰。"
            "四季苑正在陸續交付，認領您的家，收房進度和社區通知都在這裏。",
            "en": "Flowers in every season, neighbours all year. Homes in Four Seasons Court are "
            "being handed over now: claim yours and follow its progress here.",
        },
        contact_phone="400-000-1203",
        age_in_years=2,
        first_building=1,
        building_word="栋",
        entrances=("1单元", "2单元", "3单元"),
        floors=11,
        homes_a_floor=2,
        areas=(8_600, 9_800, 11_500, 13_200),
    ),
    DemoProject(
        slug="shanju",
        name={"zh_Hans_CN": "山居", "zh_Hant": "山居", "en": "Shanju"},
        city={"zh_Hans_CN": "黄山", "zh_Hant": "黃山", "en": "Huangshan"},
        welcome={
            "zh_Hans_CN": "院子不大，装得下一座山。山居的业主会刚刚起步，欢迎您先来看看。",
            "zh_Hant": "院子不大，裝得下一座山。山居的業主會剛剛起步，歡迎您先來看看。",
            "en": "A small courtyard that holds a mountain. The club of Shanju has only begun; "
            "come and have a look.",
        },
        contact_phone="400-000-0088",
        age_in_years=1,
        first_building=1,
        building_word="幢",
        entrances=(),
        floors=4,
        homes_a_floor=2,
        areas=(13_900, 17_600, 21_500),
    ),
)

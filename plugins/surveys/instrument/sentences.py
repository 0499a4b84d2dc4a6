"""The sentences for problems, for staff who build and owners who answer."""

from plugins.surveys.instrument.problems import Problem
from portal.sdk import LANGUAGES, gettext


def sentence(problem: Problem) -> str:
    """Return what is wrong in the reader's language."""
    values = dict(problem.values)
    if "language" in values:
        values["language"] = LANGUAGES.get(str(values["language"]), values["language"])
    told = _answering(values) | _building(values)
    return told.get(problem.code) or gettext("This cannot be read: %(code)s.", code=problem.code)


def _answering(values: dict[str, object]) -> dict[str, str]:
    """Return the sentences for whoever answers."""
    facts = {"least": "", "most": "", "low": "", "high": "", "many": "", "step": ""}
    facts |= {"total": "", "is": ""} | {key: str(each) for key, each in values.items()}
    return {
        "required": gettext("Please answer this question."),
        "rows_missing": gettext("Please answer every line."),
        "bad_shape": gettext("This is no answer to the question."),
        "bad_value": gettext("This is no answer to the question."),
        "bad_option": gettext("Choose from what is offered."),
        "bad_row": gettext("Choose from what is offered."),
        "twice": gettext("Choose each only once."),
        "alone": gettext("This choice goes with no other."),
        "too_few": gettext("Choose at least %(least)s.", **facts),
        "too_many": gettext("Choose at most %(most)s.", **facts),
        "off_scale": gettext("Choose a whole number from %(low)s to %(high)s.", **facts),
        "not_a_number": gettext("Write a number."),
        "out_of_range": gettext("This number is out of range."),
        "too_small": gettext("Write %(least)s or more.", **facts),
        "too_large": gettext("Write %(most)s or less.", **facts),
        "not_whole": gettext("Write a whole number."),
        "off_step": gettext("Write a number in steps of %(step)s.", **facts),
        "not_a_day": gettext("Write a day such as 2026-05-01."),
        "too_early": gettext("Choose %(least)s or a later day.", **facts),
        "too_late": gettext("Choose %(most)s or an earlier day.", **facts),
        "too_long": gettext("Write at most %(most)s characters.", **facts),
        "too_short": gettext("Write at least %(least)s characters.", **facts),
        "off_pattern": gettext("This does not look right. Please look at it once more."),
        "bad_sum": gettext("Together they make %(is)s; it must be %(total)s.", **facts),
        "confirm": gettext("%(many)s persons? Tick the box if that is meant so.", **facts),
        "unknown": gettext("There is no such question."),
        "bad_photo": str(values.get("why", "")),
        "lost_photo": gettext("The photo is not there any more. Please choose it again."),
    }


def _building(values: dict[str, object]) -> dict[str, str]:
    """Return the sentences for whoever builds a survey."""
    facts = {"chain": "", "language": "", "key": "", "most": "", "choices": "", "pattern": ""}
    facts |= {key: str(each) for key, each in values.items()}
    return {
        "bad_format": gettext("This is not a survey of a version that can be read."),
        "not_a_table": gettext("A table is expected here."),
        "not_a_list": gettext("A list is expected here."),
        "not_a_flag": gettext("Only true or false may stand here."),
        "unknown_key": gettext("Nothing of this name is known here."),
        "bad_key": gettext("Keys are made of a-z, 0-9 and _, begin with a letter, 30 at most."),
        "reserved_key": gettext("%(key)s has a meaning of its own; choose another key.", **facts),
        "key_twice": gettext("The key %(key)s is there twice.", **facts),
        "bad_text": gettext("A text of at most %(most)s characters is expected here.", **facts),
        "bad_number": gettext("A number is expected here."),
        "bad_day": gettext("Write a day such as 2026-05-01."),
        "bad_choice": gettext("One of these is expected: %(choices)s.", **facts),
        "bad_condition": gettext("A condition is one question, or all, any or not of others."),
        "too_deep": gettext("Conditions are nested too deep."),
        "step_too_small": gettext("Steps are 0.001 or more."),
        "nothing_asked": gettext("Nothing is asked yet."),
        "empty_block": gettext("This screen has no question."),
        "few_options": gettext("Offer two choices at least."),
        "no_rows": gettext("Add a line at least."),
        "many_photos": gettext("A screen asks for %(most)s photos at most.", **facts),
        "photo_links": gettext(
            "An anonymous survey cannot ask for photos: when a photo came in would tell whose it"
            " is. Take the question out, or choose another mode."
        ),
        "two_others": gettext("There can be one “other” only."),
        "always_applies": gettext("This kind of question has no “does not apply”."),
        "unknown_pattern": gettext("There is no pattern called %(pattern)s.", **facts),
        "least_above_most": gettext("The least is above the most."),
        "cycle": gettext("These questions hang on one another: %(chain)s.", **facts),
        "missing": gettext("A question is meant that is not there: %(chain)s.", **facts),
        "later": gettext("A question is meant that comes later: %(chain)s.", **facts),
        "same_screen": gettext(
            "The answer is shown on the screen that asks for it: %(chain)s.", **facts
        ),
        "random_screen": gettext(
            "The screen is in random order, so one question cannot hang on another: %(chain)s.",
            **facts,
        ),
        "no_such_option": gettext("A choice is meant that is not there: %(chain)s.", **facts),
        "no_such_row": gettext("A line is meant that is not there: %(chain)s.", **facts),
        "jump_nowhere": gettext("This leads to a screen that is not there: %(chain)s.", **facts),
        "jump_back": gettext("This leads backwards: %(chain)s.", **facts),
        "text_missing": gettext("The text in %(language)s is missing.", **facts),
        "weight_below_zero": gettext("A weight is 0 or more."),
        "weight_of_nothing": gettext("No question belongs to this dimension."),
        "divides_by_zero": gettext(
            "The weights make 0, so the index would divide by zero: %(chain)s.", **facts
        ),
    }

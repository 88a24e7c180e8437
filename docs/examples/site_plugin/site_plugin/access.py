"""Who may do what: the access security file of the beamline, which comes with this package."""

from importlib.resources import files

from roguebridge.plugins.acf import Acf


class Access(Acf):
    """Everybody may put, but interlocks are for nobody and voltages for those on shift."""

    def __init__(self):
        super().__init__(
            str(files(__package__) / "beamline.acf"),
            assign=[
                {"path": "*.Interlock.*", "asg": "INTERLOCK"},
                {"group": "Voltage", "asg": "SHIFT"},
            ],
        )
